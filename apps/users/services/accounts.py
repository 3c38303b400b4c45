from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.users.models import CustomUser


def user_create(*, email: str, password: str, first_name: str = "", last_name: str = "") -> CustomUser:
    """Create a user. Raises ValidationError for an address that is taken, also by a concurrent request."""
    try:
        with transaction.atomic():
            return CustomUser.objects.create_user(email, password, first_name=first_name, last_name=last_name)
    except IntegrityError:
        message = CustomUser._meta.get_field("email").error_messages["unique"]  # noqa: SLF001 - Django's public API
        raise ValidationError({"email": ValidationError(message, code="unique")}) from None


def user_update(*, user: CustomUser, **names: str) -> CustomUser:
    """Change first_name and last_name, if they are given."""
    for field, value in names.items():
        setattr(user, field, value)
    user.save(update_fields=list(names))
    return user


def user_deactivate(*, user: CustomUser) -> None:
    """Close an account and end its sessions. Its data stay, and it can be opened again."""
    user.is_active = False
    user.save(update_fields=["is_active"])


def user_activate(*, user: CustomUser) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])
