from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.harness.trial.tasks import trial_fails


def trial_view(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ids": [trial_fails.delay().id for _ in range(10)]})


urlpatterns = [path("trial/", trial_view)]
