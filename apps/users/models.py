from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from apps.core.signals import account_changed
from apps.users.managers import CustomUserManager

if TYPE_CHECKING:
    from collections.abc import Iterator


# Fields that save() compares with the stored row: a change is logged, and some changes end sessions.
_WATCHED = ("password", "is_active", "is_staff", "is_superuser")


class CustomUser(AbstractUser):  # type: ignore[django-manager-missing] # Knox has no types
    username = None  # type: ignore[assignment] # the email address is the name
    email = models.EmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("A user with that email address already exists.")},
    )
    # False after a registration. An administrator vouches for the accounts that they create.
    email_verified = models.BooleanField(
        _("email verified"),
        default=True,
        help_text=_("Whether a mailed link has shown, or an administrator says, that the address is this person's."),
    )
    # Incremented to end all sessions. Sessions of the admin contain it, signed, instead of Django's hash of the
    # password, which also changes when a login upgrades an old hash; that must end nothing.
    session_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[CustomUserManager] = CustomUserManager()  # type: ignore[assignment] # without username

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # However a row is written: otherwise two accounts could differ only in case.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="users_email_is_lowercase"),
        ]

    # The hash that check_password() replaces while it stores a newer hash of the same password.
    _old_hash: str | None = None

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, keep: AuthToken | None = None, **kwargs: Any) -> None:
        """Save. If the password changes or the account is closed, end all sessions but the one to keep.

        Whoever changes a password ends up here: the API, the admin, changepassword, a shell.
        """
        if self._old_hash is not None:
            self._store_newer_hash()
            return
        watched = self._watched(kwargs.get("update_fields"))
        if not watched:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            before = self._stored(watched)
            changes = ["Account created"] if before is None else self._changes(before)
            ends = before is not None and not _ENDING.isdisjoint(changes)
            if before is not None:
                # From the row: an instance that was loaded earlier must not restore an ended session.
                self.session_version = before["session_version"] + ends
            if ends and kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "session_version"}
            super().save(*args, **kwargs)
            if ends:
                self._end_sessions(keep)
        for change in changes:
            account_changed.send(CustomUser, account=self, change=change)

    def _watched(self, update_fields: Any) -> set[str]:
        saved = set(_WATCHED if update_fields is None else update_fields) & set(_WATCHED)
        return saved - self.get_deferred_fields()

    def _stored(self, watched: set[str]) -> dict[str, Any] | None:
        rows = CustomUser.objects.select_for_update(no_key=True).filter(pk=self.pk)
        return rows.values("session_version", *watched).first() if self.pk else None

    def _changes(self, before: dict[str, Any]) -> list[str]:
        changed = {name for name in before if name in _WATCHED and before[name] != getattr(self, name)}
        named = {
            "password": "Password changed",
            "is_active": "Account opened" if self.is_active else "Account closed",
            "is_staff": "Staff flag set" if self.is_staff else "Staff flag removed",
            "is_superuser": "Superuser flag set" if self.is_superuser else "Superuser flag removed",
        }
        return [named[name] for name in _WATCHED if name in changed]

    def _end_sessions(self, keep: AuthToken | None) -> None:
        sessions = AuthToken.objects.filter(user=self)
        (sessions.exclude(pk=keep.pk) if keep else sessions).delete()

    def check_password(self, raw_password: str | None) -> bool:
        with self._newer_hash_is_no_change():
            return super().check_password(raw_password)

    async def acheck_password(self, raw_password: str | None) -> bool:
        with self._newer_hash_is_no_change():
            return await super().acheck_password(raw_password)

    @contextmanager
    def _newer_hash_is_no_change(self) -> Iterator[None]:
        self._old_hash = self.password
        try:
            yield
        finally:
            self._old_hash = None

    def _store_newer_hash(self) -> None:
        # Only if the password was not changed meanwhile: the one that was checked must not come back.
        CustomUser._base_manager.filter(pk=self.pk, password=self._old_hash).update(password=self.password)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        value = f"{self.pk}.{self.session_version}"
        return salted_hmac("apps.users.session", value, secret=secret, algorithm="sha256").hexdigest()


_ENDING = {"Password changed", "Account closed"}


class AuthToken(AbstractAuthToken):  # type: ignore[misc] # Knox has no types
    """A session. Knox stores only the hash of the token; the uuid names the session for its owner."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    last_used = models.DateTimeField(null=True, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return str(self.uuid)
