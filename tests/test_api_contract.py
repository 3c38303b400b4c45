"""What the schema promises, and what holds for every route of the API. A new app needs no line here."""

import json
import re
from collections.abc import Callable
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


Operations = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def operations(schema: Any) -> Operations:
    return {
        f"{method.upper()} {path}": operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    }


def without_summary(operations: Operations) -> list[str]:
    bare = [name for name, operation in operations.items() if not operation.get("summary")]
    return [f'{name} has no summary: add @extend_schema(summary="…") to the method of its view' for name in bare]


def without_tag(operations: Operations) -> list[str]:
    bare = [name for name, operation in operations.items() if not operation.get("tags")]
    return [f"{name} has no tag: add tags=[…], one for each app, to its @extend_schema" for name in bare]


def without_examples(operations: Operations) -> list[str]:
    """Return what is wrong with bodies of JSON; others, such as files, cannot well be shown."""
    advice = "add examples=[takes({…}), gives({…})] to its @extend_schema (apps/core/api/openapi.py)"
    return [
        f"{name} shows no example of {what}: {advice}"
        for name, operation in operations.items()
        for what, body in bodies(operation).items()
        if (json_body := body.get("content", {}).get("application/json")) and not json_body.get("examples")
    ]


def bodies(operation: dict[str, Any]) -> dict[str, Any]:
    taken = {"what it takes": operation["requestBody"]} if "requestBody" in operation else {}
    given = {
        f"what it gives ({status})": answer
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    return taken | given


def without_errors(operations: Operations) -> list[str]:
    advice = (
        "let its view have the default schema class (conf/settings/api.py),"
        " and its @extend_schema keep the other responses"
    )
    return [
        f"{name} does not say how it fails with {', '.join(sorted(lacking))}: {advice}"
        for name, operation in operations.items()
        if (lacking := errors_of(operation) - set(operation["responses"]))
    ]


def errors_of(operation: dict[str, Any]) -> set[str]:
    always = {"405", "406", "429", "500"} | ({"415"} if "requestBody" in operation else set())
    return always | ({"401"} if {"token": []} in operation.get("security", []) else set())


CHECKS = [without_summary, without_tag, without_examples, without_errors]


@pytest.mark.parametrize("check", CHECKS)
def test_every_operation_is_documented(check: Callable[[Operations], list[str]], operations: Operations) -> None:
    assert operations
    problems = check(operations)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("check", CHECKS)
def test_an_operation_that_is_not_documented_is_named_with_what_to_add(
    check: Callable[[Operations], list[str]],
) -> None:
    body = {"content": {"application/json": {"schema": {}}}}
    bare = {"requestBody": body, "responses": {"201": body, "204": {"description": "Nothing"}}}
    problems = check({"POST /invoices/": bare})
    assert problems
    assert all(problem.startswith("POST /invoices/ ") and ": " in problem for problem in problems)


def with_loose_body(schema: dict[str, Any]) -> list[str]:
    """Return which operations take bodies that do not say of unknown fields that they are refused."""
    components = {f"#/components/schemas/{name}": found for name, found in schema["components"]["schemas"].items()}
    advice = "let its serializer build on StrictModelSerializer or StrictSerializer (apps/core/serializers.py)"
    return [
        f"{method.upper()} {path} takes fields that nobody knows ({name.rpartition('/')[2]}): {advice}"
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        for name in sorted(references(operation.get("requestBody", {}), components))
        if components[name].get("type") == "object" and components[name].get("additionalProperties") is not False
    ]


def references(part: Any, components: dict[str, Any]) -> set[str]:
    """Return all components that the part is made of."""
    names = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(part)))
    return names.union(*(references(components[name], components) for name in names))


def test_every_body_refuses_unknown_fields(schema: Any) -> None:
    problems = with_loose_body(schema)
    assert not problems, "\n" + "\n".join(problems)


def test_a_body_that_does_not_is_named_with_what_to_do() -> None:
    def reference(name: str) -> dict[str, str]:
        return {"$ref": f"#/components/schemas/{name}"}

    schemas = {
        "InvoiceRequest": {
            "type": "object",
            "properties": {"line": reference("LineRequest")},
            "additionalProperties": False,
        },
        "LineRequest": {"type": "object", "properties": {}},
    }
    body = {"content": {"application/json": {"schema": reference("InvoiceRequest")}}}
    schema = {"components": {"schemas": schemas}, "paths": {"/invoices/": {"post": {"requestBody": body}}}}
    [problem] = with_loose_body(schema)
    assert problem.startswith("POST /invoices/ ")
    assert "LineRequest" in problem


@pytest.mark.parametrize(("name", "path"), NAMES.items())
def test_routes_have_the_names_that_clients_know(name: str, path: str) -> None:
    assert reverse(name) == path


def test_the_token_is_a_bearer_token(schema: Any) -> None:
    scheme = schema["components"]["securitySchemes"]["token"]
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
