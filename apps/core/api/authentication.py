"""Who sends this token? One query answers, however many tokens the user has."""

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

# Its owner wants to know when a session was last used, not to the second: so most requests write nothing.
PRECISION = timedelta(minutes=1)


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc] # Knox has no types
    """Find a token by its digest, the primary key.

    Knox itself looks for candidates by a prefix and then loads all of the user's tokens to delete the expired
    ones, at every request. Here an expired token is refused, and a periodic task may delete it.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError:
            raise AuthenticationFailed(_("Invalid token.")) from None
        found = get_token_model().objects.select_related("user").filter(digest=digest).first()
        # The digest is hashed from the secret, so an index leaks nothing of use; comparing again costs nothing.
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
    """Write down that the token is used, at most once in PRECISION, however many requests come at once."""
    now = timezone.now()
    stale = now - PRECISION
    if (token.last_used or token.created) < stale:
        there = get_token_model().objects.filter(Q(last_used=None) | Q(last_used__lt=stale), pk=token.pk)
        there.update(last_used=now)
