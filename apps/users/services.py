"""What changes accounts. Views, commands and the admin call these; nothing else writes."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.users.models import CustomUser


def user_create(*, email: str, password: str, first_name: str = "", last_name: str = "") -> CustomUser:
    """Create a user. Raises ValidationError for an address that is taken, also by somebody a moment faster."""
    try:
        with transaction.atomic():
            return CustomUser.objects.create_user(email, password, first_name=first_name, last_name=last_name)
    except IntegrityError:
        message = CustomUser._meta.get_field("email").error_messages["unique"]  # noqa: SLF001 - Django's public API
        raise ValidationError({"email": ValidationError(message, code="unique")}) from None
