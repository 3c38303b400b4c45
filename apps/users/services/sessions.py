from django.db import transaction
from django.utils import timezone
from knox.settings import knox_settings

from apps.users.models import AuthToken, CustomUser


def session_start(*, user: CustomUser, user_agent: str = "") -> tuple[AuthToken, str]:
    """Return a new session and its token. Beyond TOKEN_LIMIT_PER_USER the oldest sessions end.

    The row of the user is locked, so that concurrent logins count each other. Raises CustomUser.DoesNotExist if the
    account was closed or got another password since the password was checked.
    """
    with transaction.atomic():
        locked = CustomUser.objects.select_for_update(no_key=True)
        locked.only("pk").get(pk=user.pk, session_version=user.session_version, is_active=True)
        session, token = AuthToken.objects.create(
            user=user,
            expiry=knox_settings.TOKEN_TTL,
            user_agent=user_agent.replace("\0", "")[:255],
            last_used=timezone.now(),
        )
        others = AuthToken.objects.filter(user=user).exclude(pk=session.pk).order_by("-created")
        surplus = others.values("pk")[knox_settings.TOKEN_LIMIT_PER_USER - 1 :]
        AuthToken.objects.filter(pk__in=surplus).delete()
    return session, token


def session_end(*, session: AuthToken) -> None:
    session.delete()
