from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from knox import views as knox
from rest_framework.generics import DestroyAPIView, GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from apps.core.api.openapi import gives, nothing, takes
from apps.core.api.serializers import take_nothing
from apps.users import seeding, services
from apps.users.models import AuthToken, CustomUser
from apps.users.serializers import LoginResponseSerializer, LoginSerializer, SessionSerializer
from apps.users.views.examples import PROFILE, SESSION


class LoginView(knox.LoginView):  # type: ignore[misc] # Knox has no types
    # Nobody is authenticated here: a stale token in the header must not keep anyone from getting a new one.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Log in",
        description="The token goes into the header of other requests: `Authorization: Bearer <token>`. "
        "Of too many sessions the oldest end.",
        tags=["auth"],
        request=LoginSerializer,
        responses=LoginResponseSerializer,
        examples=[
            # Of development: elsewhere `seed` makes none, or one with a password that nobody knows.
            takes({"email": seeding.USER, "password": seeding.PASSWORD}),
            gives({"expiry": SESSION["expiry"], "token": "9f2c0e…", "user": PROFILE}),
        ],
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002 - Knox calls it that
        serializer = LoginSerializer(data=request.data, context=self.get_context())
        serializer.is_valid(raise_exception=True)
        request.user = serializer.validated_data["user"]
        try:
            response: Response = super().post(request, format)
        except CustomUser.DoesNotExist:
            serializer.fail("authorization")
        return response

    def get_token_limit_per_user(self) -> None:
        """Leave the limit to the service: Knox counts first and creates then, and between the two others do, too."""

    def create_token(self) -> Any:
        user_agent = self.request.headers.get("User-Agent", "")
        return services.session_start(user=self.request.user, user_agent=user_agent)


class LogoutView(knox.LogoutView):  # type: ignore[misc]
    # Knox names its own authentication here, which knows nothing of ours.
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out", description="Ends this token.", tags=["auth"], request=None, responses=nothing("Logged out")
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        take_nothing(request.data)
        response: Response = super().post(request, format)
        return response


class LogoutAllView(knox.LogoutAllView):  # type: ignore[misc]
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out everywhere",
        description="Ends all tokens of the user.",
        tags=["auth"],
        request=None,
        responses=nothing("Logged out"),
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        take_nothing(request.data)
        response: Response = super().post(request, format)
        return response


class OwnSessionsView(GenericAPIView[AuthToken]):
    serializer_class = SessionSerializer

    def get_queryset(self) -> QuerySet[AuthToken]:
        live = Q(expiry=None) | Q(expiry__gt=timezone.now())
        own: QuerySet[AuthToken] = AuthToken.objects.filter(live, user_id=self.request.user.pk)
        return own.order_by("-created", "pk")


class SessionsView(OwnSessionsView, ListAPIView[AuthToken]):
    @extend_schema(
        summary="List one's own sessions",
        description="The tokens that are live, the newest first. `last_used` is exact to a minute.",
        tags=["auth"],
        examples=[gives(SESSION)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class SessionView(OwnSessionsView, DestroyAPIView[AuthToken]):
    lookup_field = "uuid"

    @extend_schema(summary="End one of one's own sessions", tags=["auth"], responses=nothing("Ended"))
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().delete(request, *args, **kwargs)

    def perform_destroy(self, instance: AuthToken) -> None:
        services.session_end(session=instance)
