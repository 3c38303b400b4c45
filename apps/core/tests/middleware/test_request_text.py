"""Characters that Postgres cannot store are refused wherever they are sent, the API's clients in the envelope."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from knox.models import get_token_model

from apps.core.tests.helpers import make_user

pytestmark = pytest.mark.django_db
USERS = "/api/v1/users/"
ADMIN = "/admin/users/customuser/"
# NUL as an octal escape, which only a cookie's value has.
OCTAL = '"\\000aaaaaaaaaaaa"'


@pytest.fixture
def client() -> Client:
    user = make_user("root@example.com", is_staff=True, is_superuser=True)
    _, token = get_token_model().objects.create(user=user)
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"{USERS}?search=%00", {}),
        (f"{USERS}?%00=1", {}),
        (f"{USERS}?email=a%00b", {}),
        ("/api/v1/tasks/%00/", {}),
        ("/api/v1/%00", {}),
        (USERS, {"cookie": f"sessionid={OCTAL}"}),
        (USERS, {"cookie": f"anything={OCTAL}"}),
        (USERS, {"user-agent": "a\0b"}),
    ],
)
def test_in_the_api_it_is_a_parse_error_that_the_schema_knows(client: Client, url: str, headers: Any) -> None:
    response = client.get(url, headers=headers)
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"], error["attr"]) == (400, "parse_error", None)
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "url", "data", "headers"),
    [
        ("get", f"{ADMIN}?q=%00", {}, {}),
        ("get", f"{ADMIN}?email__exact=%00", {}, {}),
        ("get", f"{ADMIN}%00/change/", {}, {}),
        ("get", "/admin/core/effect/a%00b/change/", {}, {}),
        ("get", "/admin/core/effect/a%00b/history/", {}, {}),
        ("post", "/admin/core/effect/", {"action": "delete_selected", "_selected_action": "a\0b"}, {}),
        ("post", f"{ADMIN}add/", {"email": "a\0@example.com"}, {}),
        ("post", "/admin/login/", {"username": "a\0b", "password": "x"}, {}),
        ("get", "/admin/", {}, {"cookie": f"sessionid={OCTAL}"}),
        ("get", "/admin/jsi18n/", {}, {"accept-language": "\0"}),
        ("get", "/static/%00", {}, {}),
    ],
)
def test_in_the_admin_it_is_a_page(client: Client, method: str, url: str, data: Any, headers: Any) -> None:
    response = getattr(client, method)(url, data, headers=headers)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "malformed" in response.text


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "utf-16", "hex", "idna", "nonsense"]
)
def test_a_query_is_read_as_utf_8_whatever_the_body_is_said_to_be(client: Client, charset: str) -> None:
    # Some charsets spell the characters by harmless ones.
    query = quote("\\ud800\\x00+AAA-")
    response = client.generic("GET", f"{USERS}?search={query}", content_type=f"text/plain; charset={charset}")
    assert (response.status_code, response.json()["count"]) == (200, 0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"first_name": "a\\u0000"}',
        b'{"first_name": "\\ud800"}',
        b'{"first_name": "\\uDFFF\\uD800"}',
        b'{"a\\u0000": 1}',
        b'{"first_name": ["x", {"\\udc00": null}]}',
        b'{"first_name": 1e400}',
        b'{"first_name": -1e999}',
    ],
)
def test_in_json_they_are_refused_in_names_and_values_and_so_is_what_is_no_number(client: Client, body: bytes) -> None:
    response = client.patch("/api/v1/auth/profile/", body, "application/json")
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (400, "parse_error")


@pytest.mark.parametrize("name", ["\\u0000", "\\\\ud800", "\N{GRINNING FACE}", "\N{RIGHT-TO-LEFT MARK}"])
def test_what_only_looks_like_them_is_text(client: Client, name: str) -> None:
    client.cookies.clear()
    body = json.dumps({"first_name": name})
    response = client.patch("/api/v1/auth/profile/", body, "application/json")
    assert response.status_code == 200
    assert client.get(USERS, {"search": response.json()["first_name"]}).json()["count"] == 1


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/readyz", "/healthz", "/favicon.ico", "/api/docs/", "/api/redoc/", "/api/schema/redoc/"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FROB"])
def test_what_is_only_read_answers_other_methods_with_405_in_the_envelope(path: str, method: str) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"


@override_settings(CORS_ALLOWED_ORIGINS=["https://app.example.com"])
def test_a_preflight_may_ask_for_the_headers_that_the_api_reads() -> None:
    asked = "authorization,content-type,x-request-id"
    headers = {
        "origin": "https://app.example.com",
        "access-control-request-method": "PATCH",
        "access-control-request-headers": asked,
    }
    response = Client().options(reverse("v1:users:profile"), headers=headers)
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert set(asked.split(",")) <= set(allowed)
