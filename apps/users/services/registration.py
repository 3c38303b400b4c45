from django.contrib.auth.hashers import make_password
from django.db import transaction

from apps.core.throttling.throttles import account_limit, enforce
from apps.users.links import verification_links
from apps.users.models import CustomUser
from apps.users.tasks import send_registration


def user_register(*, email: str, password: str) -> None:
    """Create an account that a mailed link verifies; if it exists, mail that it does.

    The work is the same either way. Raises Throttled where the address was asked for too often.
    """
    enforce(account_limit("mail_account", email))
    digest = make_password(password)
    with transaction.atomic():
        defaults = {"password": digest, "email_verified": False}
        user, created = CustomUser.objects.get_or_create(email=email, defaults=defaults)
        if not created:
            _take_over_unused(email=email, digest=digest)
        transaction.on_commit(lambda: send_registration.delay(user.pk))


def _take_over_unused(*, email: str, digest: str) -> None:
    """Let the latest registration win, as long as the account is neither verified nor used.

    Else whoever registers somebody's address in advance would have chosen the password of what they verify. A link
    holds for the password that it was mailed for, so an earlier link verifies nothing any more.
    """
    unused = CustomUser.objects.filter(email=email, email_verified=False, last_login=None)
    unused.update(password=digest)


def user_verify(*, user: CustomUser, token: str) -> bool:
    """Mark the address as verified; return whether the token was valid."""
    with transaction.atomic():
        user = CustomUser.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not user.is_active or not verification_links.check_token(user, token):
            return False
        user.email_verified = True
        user.save(update_fields=["email_verified"])
    return True
