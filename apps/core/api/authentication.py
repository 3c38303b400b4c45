"""Token authentication with one query, however many tokens the user has."""

from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import get_token_model
from knox.settings import knox_settings
from rest_framework.exceptions import AuthenticationFailed

from apps.core.api.token_lookup import find_token

# The owner of a session need not know to the second when it was last used, so most requests write nothing.
PRECISION = timedelta(minutes=1)


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc] # Knox has no types
    """Find a token by its digest, the primary key.

    At every request Knox searches candidates by a prefix, then loads all tokens of the user to delete the expired
    ones. Here an expired token is refused, and a periodic task deletes it.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError:
            raise AuthenticationFailed(_("Invalid token.")) from None
        found = find_token(digest)
        # The digest is a hash of the secret, so the index leaks nothing; a constant-time comparison costs nothing.
        if found is None or not compare_digest(found.digest, digest) or self._has_expired(found):
            raise AuthenticationFailed(_("Invalid token."))
        if knox_settings.AUTO_REFRESH and found.expiry:
            self.renew_token(found)
        user_and_token: tuple[Any, Any] = self.validate_user(found)
        record_use(found)
        return user_and_token

    @staticmethod
    def _has_expired(token: Any) -> bool:
        return token.expiry is not None and token.expiry <= timezone.now()


def record_use(token: Any) -> None:
    """Record the use of the token, at most once in PRECISION, however many requests arrive at the same time."""
    now = timezone.now()
    stale = now - PRECISION
    if (token.last_used or token.created) < stale:
        there = get_token_model().objects.filter(Q(last_used=None) | Q(last_used__lt=stale), pk=token.pk)
        there.update(last_used=now)
