from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from apps.core.api.fields import StrictCharField
from apps.users.email_address import normalize_email
from apps.users.links import Links
from apps.users.models import CustomUser


class NormalizedEmailField(StrictCharField, serializers.EmailField):
    """An email address, normalized as it is stored, so that later validators compare equal values."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 254, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            return normalize_email(value)
        except DjangoValidationError:
            self.fail("invalid")


class PasswordField(StrictCharField):
    """A password as it was typed, spaces included. Its length is limited, since hashing takes time."""

    def __init__(self, **kwargs: Any) -> None:
        style = {"input_type": "password"}
        super().__init__(**{"write_only": True, "trim_whitespace": False, "max_length": 128, "style": style, **kwargs})


class LinkTokenField(StrictCharField):
    """The token of a mailed link. Its value is the user and the rest of the token."""

    default_error_messages = {"invalid_token": "The link is not valid any more. Ask for a new one."}

    def __init__(self, links: Links, **kwargs: Any) -> None:
        self.links = links
        super().__init__(**{"write_only": True, "max_length": 128, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        return self.links.open(super().to_internal_value(data)) or self.fail("invalid_token")


def check_new_password(attrs: dict[str, Any], user: CustomUser) -> None:
    """Remove password2 from attrs. Raises ValidationError if the two differ or the password is weak for the user."""
    if attrs["password"] != attrs.pop("password2"):
        raise serializers.ValidationError({"password2": "The two passwords differ."}, code="password_mismatch")
    try:
        password_validation.validate_password(attrs["password"], user)
    except DjangoValidationError as error:
        raise serializers.ValidationError({"password": get_error_detail(error)}) from None
