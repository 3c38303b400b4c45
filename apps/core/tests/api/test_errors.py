from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import include, path, reverse
from kombu.exceptions import OperationalError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conf import urls

ERRORS = {
    "bug": ZeroDivisionError("secret detail"),
    "broker": OperationalError("redis://:secret@host"),
    "suspicious": SuspiciousOperation("secret detail"),
    "denied": PermissionDenied("secret detail"),
    "refused": ValidationError({"number": ValidationError("There is one already.", code="unique")}),
    "refused in all": ValidationError("No more today.", code="too_many"),
}


class FailingView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request, kind: str) -> Response:
        raise ERRORS[kind]


def failing(request: HttpRequest, kind: str) -> None:
    raise ERRORS[kind]


urlpatterns = [
    path("api/v1/rest/<kind>/", FailingView.as_view()),
    path("api/v1/plain/<kind>/", failing),
    path("", include(urls)),
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def error(response: Any) -> tuple[int, str, str]:
    """Return status, type and code of an answer that must be the envelope."""
    assert response.headers["Content-Type"] == "application/json"
    assert "secret" not in response.text
    body = response.json()
    [one] = body["errors"]
    assert set(body) == {"type", "errors"}
    assert set(one) == {"code", "detail", "attr"}
    return response.status_code, body["type"], one["code"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/api/v1/rest/bug/", (500, "server_error", "error")),
        ("/api/v1/plain/bug/", (500, "server_error", "error")),
        ("/api/v1/rest/broker/", (503, "server_error", "service_unavailable")),
        ("/api/v1/rest/suspicious/", (400, "client_error", "parse_error")),
        ("/api/v1/plain/suspicious/", (400, "client_error", "parse_error")),
        ("/api/v1/rest/denied/", (403, "client_error", "permission_denied")),
        ("/api/v1/plain/denied/", (403, "client_error", "permission_denied")),
        ("/api/v1/rest/refused/", (400, "validation_error", "unique")),
        ("/api/v1/rest/refused in all/", (400, "validation_error", "too_many")),
        ("/api/v1/no/such/path/", (404, "client_error", "not_found")),
        ("/api/v1/core/ping", (404, "client_error", "not_found")),
        ("/api/v9/", (404, "client_error", "not_found")),
    ],
)
@override_settings(ROOT_URLCONF=__name__)
def test_whatever_fails_in_the_api_answers_with_the_envelope(
    client: Client, url: str, expected: tuple[int, str, str]
) -> None:
    assert error(client.get(url)) == expected


@override_settings(ROOT_URLCONF=__name__, DEBUG=True)
@pytest.mark.parametrize("url", ["/api/v1/rest/bug/", "/api/v1/no/such/path/"])
def test_in_development_too(client: Client, url: str) -> None:
    error(client.get(url))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ('{"email":', "application/json", (400, "client_error", "parse_error")),
        (b"\xff\xfe", "application/json", (400, "client_error", "parse_error")),
        ("a=b", "application/x-www-form-urlencoded", (415, "client_error", "unsupported_media_type")),
        ("[]", "application/json", (400, "validation_error", "invalid")),
    ],
)
def test_a_body_without_sense_is_the_clients_error(
    client: Client, body: str | bytes, content_type: str, expected: tuple[int, str, str]
) -> None:
    assert error(client.post(reverse("v1:users:knox_login"), body, content_type=content_type)) == expected


def test_a_method_that_is_not_there_is_said_so(client: Client) -> None:
    assert error(client.delete(reverse("v1:core:ping"))) == (405, "client_error", "method_not_allowed")


def test_pages_for_people_stay_pages(client: Client) -> None:
    response = client.get("/no/such/page")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
