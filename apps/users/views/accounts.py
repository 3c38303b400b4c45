from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import CreateAPIView, GenericAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.openapi import gives, nothing, takes, unavailable
from apps.users import services
from apps.users.models import CustomUser
from apps.users.serializers import (
    RegisterSerializer,
    UserCreateSerializer,
    UserProfileSerializer,
    VerifySerializer,
)
from apps.users.views.errors import new_password
from apps.users.views.examples import EMAIL, NEW_PASSWORD, PROFILE, TOKEN


@extend_schema(
    summary="Create a user",
    description="For administrators, who vouch for the address.",
    tags=["auth"],
    examples=[takes({"email": EMAIL, **NEW_PASSWORD}), gives({"id": 7, "email": EMAIL}, 201)],
)
@new_password
class CreateUserView(CreateAPIView[CustomUser]):
    serializer_class = UserCreateSerializer
    permission_classes = (IsAdminUser,)


class RegistrationIsOpen(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not settings.REGISTRATION_OPEN:
            # Raised here: without authentication the framework would respond with 401, although no login would help.
            raise PermissionDenied("Registration is closed.", code="registration_closed")
        return True


@new_password
class RegisterView(GenericAPIView[CustomUser]):
    authentication_classes = ()
    permission_classes = (RegistrationIsOpen,)
    serializer_class = RegisterSerializer
    throttle_scopes = ("mail",)

    @extend_schema(
        summary="Register",
        description="A mailed link verifies the address. The answer is the same whether or not the address is known.",
        tags=["auth"],
        responses={202: RegisterSerializer, 503: unavailable},
        examples=[takes({"email": EMAIL, **NEW_PASSWORD}), gives({"email": EMAIL}, 202)],
    )
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.user_register(**serializer.validated_data)
        return Response({"email": serializer.validated_data["email"]}, status=status.HTTP_202_ACCEPTED)


class VerifyView(GenericAPIView[CustomUser]):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = VerifySerializer
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Verify an email address",
        description="With the token of the mailed link, which works once.",
        tags=["auth"],
        responses=nothing("Verified"),
        examples=[takes({"token": TOKEN})],
    )
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user, token = serializer.validated_data["token"]
        if not services.user_verify(user=user, token=token):
            raise link_is_used(serializer)
        return Response(status=status.HTTP_204_NO_CONTENT)


def link_is_used(serializer: Any) -> serializers.ValidationError:
    """Return the error for the slower one of two concurrent requests."""
    message = serializer.fields["token"].error_messages["invalid_token"]
    return serializers.ValidationError({"token": message}, code="invalid_token")


_examples = [takes({"first_name": "Ada", "last_name": "Lovelace"}), gives(PROFILE)]


class ProfileView(RetrieveUpdateAPIView[CustomUser]):
    serializer_class = UserProfileSerializer

    def get_object(self) -> Any:
        return self.request.user

    @extend_schema(summary="Read one's own profile", tags=["auth"], examples=_examples)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(summary="Replace the names in one's own profile", tags=["auth"], examples=_examples)
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().put(request, *args, **kwargs)

    @extend_schema(summary="Change names in one's own profile", tags=["auth"], examples=_examples)
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().patch(request, *args, **kwargs)
