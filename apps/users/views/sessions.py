from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from knox import views as knox
from rest_framework.generics import DestroyAPIView, GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from apps.core.api.openapi import gives, nothing, takes
from apps.core.api.serializers import take_nothing
from apps.users import seeding, services
from apps.users.models import AuthToken, CustomUser
from apps.users.serializers import LoginResponseSerializer, LoginSerializer, SessionSerializer
from apps.users.views.examples import PROFILE, SESSION


class LoginView(APIView):
    # Nobody is authenticated here: an invalid token in the header must not keep anyone from getting a new one.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scopes = ("login",)

    @extend_schema(
        summary="Log in",
        description="The token goes into the header of other requests: `Authorization: Bearer <token>`. "
        "When a user exceeds the limit of sessions, the oldest token is revoked.",
        tags=["auth"],
        request=LoginSerializer,
        responses=LoginResponseSerializer,
        examples=[
            # Development's: elsewhere `seed` makes no account, or one whose password nobody knows.
            takes({"email": seeding.USER, "password": seeding.PASSWORD}),
            gives({"expiry": SESSION["expiry"], "token": "9f2c0e…", "user": PROFILE}),
        ],
    )
    def post(self, request: Request) -> Response:
        serializer = LoginSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        user: CustomUser = serializer.validated_data["user"]
        try:
            session, token = services.session_start(user=user, user_agent=request.headers.get("User-Agent", ""))
        except CustomUser.DoesNotExist:
            serializer.fail("authorization")
        # The access log names the user.
        request.user = user
        user_logged_in.send(sender=type(user), request=request, user=user)
        return Response(LoginResponseSerializer({"expiry": session.expiry, "token": token, "user": user}).data)


class LogoutView(knox.LogoutView):  # type: ignore[misc]
    # Knox sets its own authentication class here.
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out",
        description="Revokes this token.",
        tags=["auth"],
        request=None,
        responses=nothing("Logged out"),
    )
    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        take_nothing(request.data)
        response: Response = super().post(request, format)
        return response


class LogoutAllView(knox.LogoutAllView):  # type: ignore[misc]
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

    @extend_schema(
        summary="Log out everywhere",
        description="Revokes all tokens of the user.",
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
