from typing import Any

from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import get_error_detail
from rest_framework.validators import UniqueValidator

from apps.users import services
from apps.users.fields import NormalizedEmailField, PasswordField
from apps.users.models import CustomUser


class UserProfileSerializer(serializers.ModelSerializer[CustomUser]):
    class Meta:
        model = CustomUser
        fields = ("email", "first_name", "last_name")
        read_only_fields = ("email",)


class UserCreateSerializer(serializers.Serializer[CustomUser]):
    id = serializers.IntegerField(read_only=True)
    email = NormalizedEmailField(
        max_length=254,
        validators=[
            UniqueValidator(CustomUser.objects.all(), message="A user with that email address already exists."),
        ],
    )
    password = PasswordField()
    password2 = PasswordField(help_text="The same again")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["password"] != attrs.pop("password2"):
            raise serializers.ValidationError({"password2": "The two passwords differ."}, code="password_mismatch")
        try:
            password_validation.validate_password(attrs["password"], CustomUser(email=attrs["email"]))
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": get_error_detail(error)}) from None
        return attrs

    def create(self, validated_data: dict[str, Any]) -> CustomUser:
        try:
            return services.user_create(**validated_data)
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from None


class LoginSerializer(serializers.Serializer[CustomUser]):
    email = serializers.EmailField(write_only=True)
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = authenticate(self.context["request"], username=attrs["email"], password=attrs["password"])
        if user is None:
            # The same for an unknown address, a wrong password and an account that was closed.
            message = "Unable to log in with the provided credentials."
            raise serializers.ValidationError(message, code="authorization")
        return {"user": user}


class LoginResponseSerializer(serializers.Serializer[Any]):
    expiry = serializers.DateTimeField()
    token = serializers.CharField()
    user = UserProfileSerializer()
