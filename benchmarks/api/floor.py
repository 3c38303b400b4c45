"""Views that do next to nothing, behind this project's settings and on its server: what a request costs at least."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.users.models import CustomUser


def bare_django(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ping": "pong"})


class Bare(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def get(self, _request: Request) -> Response:
        return Response({"ping": "pong"})


class BareWithAQuery(Bare):
    def get(self, request: Request) -> Response:
        user = CustomUser.objects.get(pk=request.query_params["pk"])
        return Response({"email": user.email, "first_name": user.first_name, "last_name": user.last_name})


urlpatterns = [
    path("floor/django/", bare_django),
    path("floor/drf/", Bare.as_view()),
    path("floor/query/", BareWithAQuery.as_view()),
    path("", include("conf.urls")),
]
