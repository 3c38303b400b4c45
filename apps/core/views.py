import time
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import services
from apps.core.api.errors import read_only
from apps.core.api.openapi import unavailable
from apps.core.api.serializers import take_nothing
from apps.core.models import StartedTask
from apps.core.serializers import PingSerializer, StartedTaskSerializer, TaskReportSerializer
from apps.core.tasks import measure_wait

_EXAMPLE_ID = "1f0d3e0a-6f0c-4c51-9a53-0f4b8f4d8c11"


@read_only
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "core/index.html", {"title": settings.SPECTACULAR_SETTINGS["TITLE"]})


class PingView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Say pong",
        tags=["core"],
        responses=PingSerializer,
        examples=[OpenApiExample("Pong", value={"ping": "pong"}, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request) -> Response:
        return Response({"ping": "pong"})


class FireTaskView(APIView):
    @extend_schema(
        summary="Start a small background task",
        description="The task measures how long it waited for a worker. Its result is at `/api/v1/tasks/{id}/`.",
        tags=["tasks"],
        request=None,
        responses={202: StartedTaskSerializer, 503: unavailable},
        examples=[OpenApiExample("Accepted", value={"id": _EXAMPLE_ID}, response_only=True, status_codes=["202"])],
    )
    def post(self, request: Request) -> Response:
        take_nothing(request.data)
        started = services.task_start(task=measure_wait, user=request.user, args=(time.time(),))
        return Response(StartedTaskSerializer(started).data, status=status.HTTP_202_ACCEPTED)


class TaskView(APIView):
    @extend_schema(
        summary="Ask how a background task fares",
        description="Only who started a task can see it. `PENDING` until a worker takes it.",
        tags=["tasks"],
        responses=TaskReportSerializer,
        examples=[
            OpenApiExample(
                "Done",
                value={
                    "id": _EXAMPLE_ID,
                    "task": "apps.core.tasks.measure_wait",
                    "state": "SUCCESS",
                    "result": {"waited_ms": 3.4},
                    "error": None,
                    "created": "2026-11-02T09:30:00.000000Z",
                    "started": "2026-11-02T09:30:00.003400Z",
                    "finished": "2026-11-02T09:30:00.009200Z",
                },
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002 - the path says {id}
        started = get_object_or_404(StartedTask, id=id, user=request.user)
        return Response(TaskReportSerializer(services.task_report(started=started)).data)
