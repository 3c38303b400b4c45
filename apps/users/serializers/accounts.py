from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from apps.core.api.serializers import StrictModelSerializer, StrictSerializer
from apps.users import services
from apps.users.fields import LinkTokenField, NormalizedEmailField, PasswordField, check_new_password
from apps.users.links import verification_links
from apps.users.models import CustomUser


class NamesSerializer(StrictModelSerializer[CustomUser]):
    """The profile of a user. Only the names can be changed."""

    def update(self, instance: CustomUser, validated_data: dict[str, str]) -> CustomUser:
        return services.user_update(user=instance, **validated_data)


class UserProfileSerializer(NamesSerializer):
    class Meta:
        model = CustomUser
        fields = ("email", "first_name", "last_name")
        read_only_fields = ("email",)


class RegisterSerializer(StrictSerializer[CustomUser]):
    email = NormalizedEmailField()
    password = PasswordField()
    password2 = PasswordField(help_text="The same again")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_new_password(attrs, CustomUser(email=attrs["email"]))
        return attrs


class UserCreateSerializer(RegisterSerializer):
    id = serializers.IntegerField(read_only=True)
    email = NormalizedEmailField(
        validators=[
            UniqueValidator(CustomUser.objects.all(), message="A user with that email address already exists."),
        ],
    )

    class Meta:
        fields = ("id", "email", "password", "password2")

    def create(self, validated_data: dict[str, Any]) -> CustomUser:
        try:
            return services.user_create(**validated_data)
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from None


class VerifySerializer(StrictSerializer[CustomUser]):
    token = LinkTokenField(verification_links, help_text="From the mailed link")
