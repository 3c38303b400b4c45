from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import ValidationError

from apps.users.emails import normalize_email

if TYPE_CHECKING:
    from apps.users.models import CustomUser


class CustomUserManager(BaseUserManager["CustomUser"]):
    """Users are known by their email address alone."""

    use_in_migrations = True

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return normalize_email(email or "")

    def get_by_natural_key(self, username: str | None) -> CustomUser:
        try:
            return self.get(email=self.normalize_email(username))
        except ValidationError:
            # No account can have such an address; to say more would be to answer a question nobody asked.
            raise self.model.DoesNotExist from None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> CustomUser:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> CustomUser:
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})
