"""A stock project on the same database: what people have by default, with the same routes. Settings, URLs and views.

Knox's own authentication, DRF's own limits, a connection for each request, one line for each request.
"""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import permissions, serializers, viewsets
from rest_framework.filters import SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.tasks import do_nothing
from apps.users.models import CustomUser

logger = logging.getLogger("django.request.access")


class AccessLog:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        logger.warning("%s %s %s", request.method, request.path, response.status_code)
        return response


class Ping(APIView):
    permission_classes = (permissions.AllowAny,)

    def get(self, _request: Request) -> Response:
        return Response({"ping": "pong"})


class UserSerializer(serializers.ModelSerializer[CustomUser]):
    class Meta:
        model = CustomUser
        fields = ("id", "email", "first_name", "last_name", "is_active", "is_staff", "date_joined")


class ProfileSerializer(serializers.ModelSerializer[CustomUser]):
    class Meta:
        model = CustomUser
        fields = ("email", "first_name", "last_name")


class Profile(APIView):
    def get(self, request: Request) -> Response:
        return Response(ProfileSerializer(request.user).data)


class Pages(PageNumberPagination):
    page_size = 50


class Users(viewsets.ReadOnlyModelViewSet[CustomUser]):
    queryset = CustomUser.objects.order_by("id")
    serializer_class = UserSerializer
    permission_classes = (permissions.IsAdminUser,)
    pagination_class = Pages
    filter_backends = (SearchFilter,)
    search_fields = ("email", "first_name", "last_name")


class FireTask(APIView):
    def post(self, _request: Request) -> Response:
        return Response({"id": do_nothing.delay().id}, status=202)


urlpatterns = [
    path("api/v1/core/ping/", Ping.as_view()),
    path("api/v1/auth/profile/", Profile.as_view()),
    path("api/v1/users/", Users.as_view({"get": "list"})),
    path("api/v1/core/fire-task/", FireTask.as_view()),
]
