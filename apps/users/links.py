"""The links in mails. Each works once, for an hour, and only until the account has changed."""

from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import base36_to_int, int_to_base36

from apps.users.models import CustomUser


class Links(PasswordResetTokenGenerator):
    """Links to a page of the front end, which sends the token back: the user, the time and a signature."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.key_salt = f"apps.users.links.{page}"

    def link_for(self, user: CustomUser) -> str:
        # After a "#", which browsers do not send to servers: it appears in no log and no referrer.
        return f"{settings.FRONTEND_URL.rstrip('/')}/{self.page}#token={self.token_for(user)}"

    def token_for(self, user: CustomUser) -> str:
        return f"{int_to_base36(user.pk)}.{self.make_token(user)}"

    def open(self, text: str) -> tuple[CustomUser, str] | None:
        """Return the user of the token and the part to check; None for what is not a token."""
        number, _, token = text.partition(".")
        try:
            user = CustomUser.objects.filter(pk=base36_to_int(number)).first()
        except (ValueError, OverflowError):
            return None
        return (user, token) if user and self.check_token(user, token) else None


class VerificationLinks(Links):
    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        # With the password: who registers later must not profit from the link of who registered first.
        return f"{user.pk}{user.email}{user.email_verified}{user.password}{timestamp}"


verification_links = VerificationLinks("verify-email")
# Django's rule: a new password or a login invalidates links that were mailed before.
reset_links = Links("reset-password")
