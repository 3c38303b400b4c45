from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from apps.users.emails import normalize_email


class NormalizedEmailField(serializers.EmailField):
    """An address in the form that is stored, so that the validators after it compare like with like."""

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            return normalize_email(value)
        except DjangoValidationError:
            self.fail("invalid")


class PasswordField(serializers.CharField):
    """A password as it was typed, spaces included; bounded, for hashing takes time."""

    def __init__(self, **kwargs: Any) -> None:
        style = {"input_type": "password"}
        super().__init__(**{"write_only": True, "trim_whitespace": False, "max_length": 128, "style": style, **kwargs})
