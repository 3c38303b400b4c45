from django.db import transaction

from apps.core.throttling.throttles import account_limit, enforce
from apps.users.links import reset_links
from apps.users.models import AuthToken, CustomUser
from apps.users.tasks import send_password_reset


def password_change(*, user: CustomUser, password: str, session: AuthToken) -> None:
    """Set a new password and end all other sessions."""
    user.set_password(password)
    user.save(update_fields=["password"], keep=session)


def password_reset_request(*, email: str) -> None:
    """Mail a link if the account exists. Neither the response nor its time reveals whether it does.

    Raises Throttled where the address was asked for too often.
    """
    enforce(account_limit("mail_account", email))
    user = CustomUser.objects.filter(email=email, is_active=True).only("pk").first()
    user_id = user.pk if user else None
    transaction.on_commit(lambda: send_password_reset.delay(user_id))


def password_reset(*, user: CustomUser, token: str, password: str) -> bool:
    """Set a new password and end all sessions; return whether the token was valid.

    The mail has reached its reader, so the address is verified, too.
    """
    with transaction.atomic():
        # Lock the row and check again: of two concurrent uses of a link the second fails.
        user = CustomUser.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not user.is_active or not reset_links.check_token(user, token):
            return False
        user.set_password(password)
        user.email_verified = True
        user.save(update_fields=["password", "email_verified"])
    return True
