from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from drf_standardized_errors.openapi_validation_errors import extend_validation_errors
from knox import views as knox
from knox.models import get_token_model
from rest_framework.generics import CreateAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from apps.users.models import CustomUser
from apps.users.serializers import (
    LoginResponseSerializer,
    LoginSerializer,
    UserCreateSerializer,
    UserProfileSerializer,
)

_PROFILE = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}
_LOGGED_OUT = {204: OpenApiResponse(description="Logged out")}


@extend_schema(
    summary="Create a user",
    description="For administrators.",
    tags=["auth"],
    examples=[
        OpenApiExample(
            "A user",
            value={"email": "ada@example.com", "password": "engine-no-1842", "password2": "engine-no-1842"},
            request_only=True,
        ),
        OpenApiExample(
            "Created", value={"id": 7, "email": "ada@example.com"}, response_only=True, status_codes=["201"]
        ),
    ],
)
@extend_validation_errors(
    ["password_too_short", "password_too_common", "password_entirely_numeric", "password_too_similar"],
    field_name="password",
    methods=["post"],
)
@extend_validation_errors(["password_mismatch"], field_name="password2", methods=["post"])
class CreateUserView(CreateAPIView[CustomUser]):
    serializer_class = UserCreateSerializer
    permission_classes = (IsAdminUser,)


class LoginView(knox.LoginView):  # type: ignore[misc] # Knox has no types
    # Nobody is authenticated here: a stale token in the header must not keep anyone from getting a new one.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Log in",
        description="The token goes into the header of other requests: `Authorization: Bearer <token>`.",
        tags=["auth"],
        request=LoginSerializer,
        responses=LoginResponseSerializer,
        examples=[
            OpenApiExample(
                "Credentials", value={"email": "ada@example.com", "password": "engine-no-1842"}, request_only=True
            ),
            OpenApiExample(
                "Logged in",
                value={"expiry": "2026-11-02T19:30:00.000000Z", "token": "9f2c0e…", "user": _PROFILE},
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002 - Knox calls it that
        serializer = LoginSerializer(data=request.data, context=self.get_context())
        serializer.is_valid(raise_exception=True)
        request.user = serializer.validated_data["user"]
        response: Response = super().post(request, format)
        return response

    def create_token(self) -> Any:
        return get_token_model().objects.create(
            user=self.request.user,
            expiry=self.get_token_ttl(),
            prefix=self.get_token_prefix(),
            user_agent=self.request.headers.get("User-Agent", "")[:255],
        )


class LogoutView(knox.LogoutView):  # type: ignore[misc]
    # Knox names its own authentication here, which knows nothing of ours.
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out", description="Ends this token.", tags=["auth"], request=None, responses=_LOGGED_OUT
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        response: Response = super().post(request, format)
        return response


class LogoutAllView(knox.LogoutAllView):  # type: ignore[misc]
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out everywhere",
        description="Ends all tokens of the user.",
        tags=["auth"],
        request=None,
        responses=_LOGGED_OUT,
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        response: Response = super().post(request, format)
        return response


_profile_examples = [
    OpenApiExample("Names", value={"first_name": "Ada", "last_name": "Lovelace"}, request_only=True),
    OpenApiExample("Profile", value=_PROFILE, response_only=True, status_codes=["200"]),
]


class ProfileView(RetrieveUpdateAPIView[CustomUser]):
    serializer_class = UserProfileSerializer

    def get_object(self) -> Any:
        return self.request.user

    @extend_schema(summary="Read one's own profile", tags=["auth"], examples=_profile_examples)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(summary="Replace the names in one's own profile", tags=["auth"], examples=_profile_examples)
    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().put(request, *args, **kwargs)

    @extend_schema(summary="Change names in one's own profile", tags=["auth"], examples=_profile_examples)
    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().patch(request, *args, **kwargs)
