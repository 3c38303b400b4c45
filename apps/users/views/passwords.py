from typing import cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_standardized_errors.openapi_validation_errors import extend_validation_errors
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.openapi import nothing, takes, unavailable
from apps.users import services
from apps.users.models import AuthToken, CustomUser
from apps.users.serializers import PasswordChangeSerializer, PasswordResetConfirmSerializer, PasswordResetSerializer
from apps.users.views.accounts import link_is_used
from apps.users.views.errors import new_password
from apps.users.views.examples import EMAIL, NEW_PASSWORD, PASSWORD, TOKEN


@new_password
@extend_validation_errors(["incorrect"], field_name="current_password", methods=["post"])
class PasswordChangeView(GenericAPIView[CustomUser]):
    serializer_class = PasswordChangeSerializer
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Change one's own password",
        description="Ends all other sessions. Wrong guesses at the current password count as failed logins do.",
        tags=["auth"],
        responses=nothing("Changed"),
        examples=[
            takes({"current_password": PASSWORD, "password": "bernoulli-G-1843", "password2": "bernoulli-G-1843"})
        ],
    )
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user, session = cast("CustomUser", request.user), cast("AuthToken", request.auth)
        services.password_change(user=user, session=session, **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordResetView(GenericAPIView[CustomUser]):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = PasswordResetSerializer
    throttle_scopes = ("mail",)

    @extend_schema(
        summary="Ask for a link to a new password",
        description="Mails it, where there is such an account. The answer is the same whether or not there is one.",
        tags=["auth"],
        responses={202: OpenApiResponse(description="Accepted"), 503: unavailable},
        examples=[takes({"email": EMAIL})],
    )
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.password_reset_request(**serializer.validated_data)
        return Response(status=status.HTTP_202_ACCEPTED)


@new_password
class PasswordResetConfirmView(GenericAPIView[CustomUser]):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = PasswordResetConfirmSerializer
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Set a new password by a mailed link",
        description="The link works once. Ends all sessions.",
        tags=["auth"],
        responses=nothing("Set"),
        examples=[takes({"token": TOKEN, **NEW_PASSWORD})],
    )
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user, token = serializer.validated_data["token"]
        if not services.password_reset(user=user, token=token, password=serializer.validated_data["password"]):
            raise link_is_used(serializer)
        return Response(status=status.HTTP_204_NO_CONTENT)
