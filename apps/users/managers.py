from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction

from apps.core.signals import account_changed
from apps.users.email_address import normalize_email

if TYPE_CHECKING:
    from apps.users.models import CustomUser


class CustomUserQuerySet(models.QuerySet["CustomUser"]):
    def update(self, **values: Any) -> int:
        """Update rows. Setting a password or closing an account ends sessions, as save() does."""
        closes = values.get("is_active", True) is not True
        if "password" not in values and not closes:
            return super().update(**values)
        with transaction.atomic():
            users = list(self.select_for_update(no_key=True))
            updated = super().update(**{"session_version": models.F("session_version") + 1, **values})
            for user in users:
                user.auth_token_set.all().delete()
                account_changed.send(
                    self.model, account=user, change="Account closed" if closes else "Password changed"
                )
        return updated


class CustomUserManager(BaseUserManager["CustomUser"]):
    """The manager of users, who have an email address and no username."""

    use_in_migrations = True

    def get_queryset(self) -> CustomUserQuerySet:
        return CustomUserQuerySet(self.model, using=self._db)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return normalize_email(email or "")

    def get_by_natural_key(self, username: str | None) -> CustomUser:
        try:
            return self.get(email=self.normalize_email(username))
        except ValidationError:
            # No account can have such an address.
            raise self.model.DoesNotExist from None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> CustomUser:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> CustomUser:
        for name in ("is_staff", "is_superuser"):
            if fields.setdefault(name, True) is not True:
                raise ValueError(f"Superuser must have {name}=True.")
        return self.create_user(email, password, **fields)
