"""What the schema promises, and what holds for every route of the API."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

NAMES = {
    "v1:users:create": "/api/v1/auth/create/",
    "v1:users:knox_login": "/api/v1/auth/login/",
    "v1:users:knox_logout": "/api/v1/auth/logout/",
    "v1:users:knox_logoutall": "/api/v1/auth/logoutall/",
    "v1:users:profile": "/api/v1/auth/profile/",
    "v1:users:register": "/api/v1/auth/register/",
    "v1:users:verify": "/api/v1/auth/verify/",
    "v1:users:password_change": "/api/v1/auth/password/change/",
    "v1:users:password_reset": "/api/v1/auth/password/reset/",
    "v1:users:password_reset_confirm": "/api/v1/auth/password/reset/confirm/",
    "v1:users:sessions": "/api/v1/auth/sessions/",
    "v1:users:users": "/api/v1/users/",
    "v1:core:ping": "/api/v1/core/ping/",
    "v1:core:fire_task": "/api/v1/core/fire-task/",
}


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def schema() -> Any:
    out = StringIO()
    # Raises for a single warning.
    call_command("spectacular", "--fail-on-warn", "--format", "openapi-json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture(scope="module")
def operations(schema: Any) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation) for path, item in schema["paths"].items() for method, operation in item.items()
    ]


@pytest.mark.parametrize(("name", "path"), NAMES.items())
def test_routes_have_the_names_that_clients_know(name: str, path: str) -> None:
    assert reverse(name) == path


def test_every_operation_says_what_it_does(operations: list[tuple[str, dict[str, Any]]]) -> None:
    assert len(operations) >= 10
    for name, operation in operations:
        assert operation["summary"], name
        assert operation["tags"][0] in {"auth", "users", "core", "tasks"}, name


def test_every_operation_shows_examples_of_what_it_takes_and_gives(
    operations: list[tuple[str, dict[str, Any]]],
) -> None:
    for name, operation in operations:
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [answer for status, answer in operation["responses"].items() if status in {"200", "201", "202"}]
        for body in bodies:
            assert "content" not in body or body["content"]["application/json"]["examples"], name


def test_every_operation_says_how_it_fails(operations: list[tuple[str, dict[str, Any]]]) -> None:
    for name, operation in operations:
        assert {"405", "406", "415", "429", "500"} <= set(operation["responses"]) | {"415"}, name
        if {"token": []} in operation.get("security", []):
            assert "401" in operation["responses"], name


def test_the_token_is_a_bearer_token(schema: Any) -> None:
    [scheme] = schema["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_the_documentation_loads_nothing_from_another_host(page: str, client: Client) -> None:
    text = client.get(reverse(page)).text
    assert "drf_spectacular_sidecar" in text
    assert "//cdn" not in text
    assert 'src="http' not in text


def test_security_headers_are_on_every_answer(client: Client) -> None:
    for path in ("/", "/livez", "/api/v1/core/ping/", "/api/v1/no/such/"):
        headers = client.get(path).headers
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["X-Request-ID"]


def test_no_other_origin_may_call_unless_it_was_named(client: Client, settings: Any) -> None:
    preflight = {"origin": "https://app.example.com", "access-control-request-method": "GET"}
    assert "Access-Control-Allow-Origin" not in client.options("/api/v1/core/ping/", headers=preflight).headers
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    allowed = client.options("/api/v1/core/ping/", headers=preflight).headers["Access-Control-Allow-Origin"]
    assert allowed == "https://app.example.com"
