"""Who sends this token? One query answers, however many tokens the user has."""

from hmac import compare_digest
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import get_token_model
from knox.settings import knox_settings
from rest_framework.exceptions import AuthenticationFailed


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
        return user_and_token

    @staticmethod
    def _has_expired(token: Any) -> bool:
        return token.expiry is not None and token.expiry <= timezone.now()
