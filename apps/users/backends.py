"""Authentication by email address and password, for the API and the admin."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.core.throttling.limiter import limiter
from apps.core.throttling.throttles import account_limit, enforce
from apps.users.email_address import normalize_email
from apps.users.models import CustomUser

T = TypeVar("T")


class EmailBackend(ModelBackend):
    """Limit the failures of each address, whether or not it has an account. An unknown address costs a hash, too.

    Raises rest_framework's Throttled where there were too many.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        parent = super().authenticate
        return limit_failures(username or "", lambda: parent(request, username=username, password=password, **kwargs))

    def user_can_authenticate(self, user: Any) -> bool:
        # Not reported: a wrong password for an account that one has just registered would reveal an older one.
        return super().user_can_authenticate(user) and (user.email_verified or not settings.REQUIRE_VERIFIED_EMAIL)


def password_matches(user: CustomUser, password: str) -> bool:
    """Check the password of an authenticated user; a wrong one counts as a failed login."""
    return bool(limit_failures(user.email, lambda: user.check_password(password)))


def limit_failures(email: str, check: Callable[[], T]) -> T:
    """Count a failure first and give it back after a success: otherwise parallel guesses would all pass."""
    limit = account_limit("login_failures", _canonical(email))
    enforce(limit)
    result = check()
    if result:
        limiter().give_back(limit)
    return result


def _canonical(email: str) -> str:
    try:
        return normalize_email(email)
    except ValidationError:
        return email
