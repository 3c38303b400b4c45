import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from apps.users.managers import CustomUserManager


class CustomUser(AbstractUser):  # type: ignore[django-manager-missing] # Knox has no types
    username = None  # type: ignore[assignment] # the email address is the name
    email = models.EmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("A user with that email address already exists.")},
    )
    # Who registers starts without it; for an account that an administrator makes, the administrator vouches.
    email_verified = models.BooleanField(
        _("email verified"),
        default=True,
        help_text=_("Whether a mailed link has shown, or an administrator says, that the address is this person's."),
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[CustomUserManager] = CustomUserManager()  # type: ignore[assignment] # without username

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Whatever way a row comes in: else two accounts would differ by case alone.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="users_email_is_lowercase"),
        ]

    def __str__(self) -> str:
        return self.email


class AuthToken(AbstractAuthToken):  # type: ignore[misc] # Knox has no types
    """A session. Knox keeps the token's hash alone; the uuid is what its owner may see and name."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    last_used = models.DateTimeField(null=True, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return str(self.uuid)
