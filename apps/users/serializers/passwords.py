from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import StrictSerializer
from apps.users.backends import password_matches
from apps.users.fields import LinkTokenField, NormalizedEmailField, PasswordField, check_new_password
from apps.users.links import reset_links
from apps.users.models import CustomUser


class PasswordChangeSerializer(StrictSerializer[CustomUser]):
    current_password = PasswordField()
    password = PasswordField(help_text="The new one")
    password2 = PasswordField(help_text="The new one again")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = self.context["request"].user
        check_new_password(attrs, user)
        # Last, since it is slow and counts as an attempt.
        if not password_matches(user, attrs.pop("current_password")):
            raise serializers.ValidationError({"current_password": "This is not your password."}, code="incorrect")
        return attrs


class PasswordResetSerializer(StrictSerializer[CustomUser]):
    email = NormalizedEmailField()


class PasswordResetConfirmSerializer(StrictSerializer[CustomUser]):
    token = LinkTokenField(reset_links, help_text="From the mailed link")
    password = PasswordField()
    password2 = PasswordField(help_text="The same again")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user, _ = attrs["token"]
        check_new_password(attrs, user)
        return attrs
