from typing import Any

from django.contrib.auth import authenticate
from rest_framework import serializers

from apps.core.api.fields import StrictCharField
from apps.core.api.serializers import StrictModelSerializer, StrictSerializer
from apps.users.fields import PasswordField
from apps.users.models import AuthToken, CustomUser
from apps.users.serializers.accounts import UserProfileSerializer


class LoginSerializer(StrictSerializer[CustomUser]):
    # The format is not validated: an invalid address has no account, and its refusal takes as long.
    email = StrictCharField(write_only=True, max_length=254)
    password = PasswordField()

    default_error_messages = {"authorization": "Unable to log in with the provided credentials."}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = authenticate(self.context["request"], username=attrs["email"], password=attrs["password"])
        if user is None:
            # The same error for an unknown address, a wrong password, and an account that is closed or unverified.
            self.fail("authorization")
        return {"user": user}


class LoginResponseSerializer(serializers.Serializer[Any]):
    expiry = serializers.DateTimeField()
    token = serializers.CharField()
    user = UserProfileSerializer()


class SessionSerializer(StrictModelSerializer[AuthToken]):
    current = serializers.SerializerMethodField(help_text="Whether it is the session of this very request")

    class Meta:
        model = AuthToken
        fields = ("uuid", "created", "expiry", "last_used", "user_agent", "current")
        read_only_fields = fields

    def get_current(self, session: AuthToken) -> bool:
        return bool(session == self.context["request"].auth)
