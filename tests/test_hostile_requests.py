"""Requests that mean harm, or make no sense: each is answered 4xx in the envelope, and nothing is stored."""

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from knox.models import get_token_model

from apps.users.models import CustomUser

JSON = "application/json"
P = "engine-no-1842"
GOOD = {"email": "eve@example.com", "password": P, "password2": P}
LOGIN, CREATE, REGISTER, PROFILE = (f"/api/v1/auth/{name}/" for name in ("login", "create", "register", "profile"))
RESET, CONFIRM, VERIFY = (f"/api/v1/auth/{name}/" for name in ("password/reset", "password/reset/confirm", "verify"))
USERS = "/api/v1/users/"
NUL, LONE = "\x00", "\\ud800"
CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
FULLWIDTH_AT = "\N{FULLWIDTH COMMERCIAL AT}"
DOTLESS = "\N{LATIN SMALL LETTER DOTLESS I}"


def bodies() -> dict[str, bytes]:
    """Return bodies that are no JSON object, or not the one that is asked for."""
    return {
        "nothing": b"",
        "blank": b"   ",
        "cut off": b'{"email": "eve@exam',
        "number": b"1",
        "null": b"null",
        "list": b"[]",
        "string": b'"eve@example.com"',
        "list of objects": json.dumps([GOOD]).encode(),
        "not utf-8": b'{"email": "\xff\xfe"}',
        "utf-16": json.dumps(GOOD).encode("utf-16"),
        "byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        "NaN": b'{"email": NaN}',
        "Infinity": b'{"email": -Infinity}',
        "comments": b'{"email": "eve@example.com" /* */}',
        "single quotes": b"{'email': 'eve@example.com'}",
        "trailing comma": b'{"email": "eve@example.com",}',
        "two documents": json.dumps(GOOD).encode() * 2,
        "raw control character": b'{"email": "eve\n@example.com"}',
        "deep lists": b"[" * 100_000 + b"]" * 100_000,
        "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "a name twice": b'{"email": "ada@example.com", ' + json.dumps(GOOD).encode()[1:],
        "a name twice within": json.dumps(GOOD).encode()[:-1] + b', "x": {"a": 1, "a": 2}}',
        "number of 5,000 digits": b'{"email": ' + b"9" * 5000 + b"}",
        "2 MB": b'{"email": "' + b"a" * 2_000_000 + b'"}',
        "form": b"email=eve@example.com&password=" + P.encode(),
        "xml": b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    }


def fields() -> dict[str, dict[str, Any]]:
    """Return objects in which one value is wrong."""
    wrong: dict[str, dict[str, Any]] = {
        f"email {name}": {"email": value}
        for name, value in {
            "null": None,
            "number": 1,
            "true": True,
            "list": ["eve@example.com"],
            "object": {"$ne": ""},
            "empty": "",
            "without at": "eve",
            "two ats": "eve@@example.com",
            "NUL": f"eve{NUL}@example.com",
            "line break": "eve@example.com\nBcc: all@example.com",
            "too long": "e" * 250 + "@example.com",
            "look-alike": f"{CYRILLIC_A}da@example.com",
            "fullwidth at": f"eve{FULLWIDTH_AT}example.com",
            "dotless i": f"adm{DOTLESS}n@example.com",
            "bad domain": "eve@xn--a.example",
            "markup": "<script>@example.com",
        }.items()
    }
    wrong |= {
        f"password {name}": {"password": value, "password2": value}
        for name, value in {
            "null": None,
            "number": 12345678901,
            "list": [P],
            "empty": "",
            "NUL": f"engine{NUL}1842",
            "overlong": "x1" * 65,
            "a megabyte": "x1" * 500_000,
            "common": "password1234",
            "digits": "84736251908",
            "like the address": "eve@example.com",
            "short": "aB3$x",
        }.items()
    }
    wrong |= {"passwords that differ": {"password2": "difference-1"}, "no password2": {"password2": None}}
    return wrong


REQUESTS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    **{f"create, {name}": ("POST", CREATE, body, {}) for name, body in bodies().items()},
    **{f"create, {name}": ("POST", CREATE, json.dumps(GOOD | wrong).encode(), {}) for name, wrong in fields().items()},
    "register, case variant of a password": (
        "POST",
        REGISTER,
        json.dumps(GOOD | {"password2": P.upper()}).encode(),
        {},
    ),
    "create, case variant": ("POST", CREATE, json.dumps(GOOD | {"email": "STAFF@Example.COM"}).encode(), {}),
    "create, lone surrogate": ("POST", CREATE, json.dumps(GOOD).replace("eve", LONE).encode(), {}),
    "login, lone surrogate": ("POST", LOGIN, f'{{"email": "{LONE}", "password": "x"}}'.encode(), {}),
    "login, operator": ("POST", LOGIN, b'{"email": {"$gt": ""}, "password": {"$gt": ""}}', {}),
    "login, injection": ("POST", LOGIN, b'{"email": "\' OR 1=1 --", "password": "x"}', {}),
    "login, NUL": ("POST", LOGIN, b'{"email": "staff@example.com\\u0000", "password": "x"}', {}),
    "reset, NUL": ("POST", RESET, b'{"email": "staff@example.com\\u0000"}', {}),
    "reset, list": ("POST", RESET, b'{"email": ["staff@example.com", "eve@example.com"]}', {}),
    "confirm, forged": ("POST", CONFIRM, json.dumps({**GOOD, "token": "1.cxyz12-" + "0" * 32}).encode(), {}),
    "verify, number": ("POST", VERIFY, b'{"token": 1}', {}),
    "verify, overlong": ("POST", VERIFY, json.dumps({"token": "1" * 5000}).encode(), {}),
    "profile, NUL": ("PATCH", PROFILE, b'{"first_name": "a\\u0000"}', {}),
    "profile, surrogate": ("PATCH", PROFILE, f'{{"first_name": "{LONE}"}}'.encode(), {}),
    "profile, too long": ("PUT", PROFILE, json.dumps({"first_name": "x" * 151}).encode(), {}),
    "profile, object": ("PUT", PROFILE, b'{"first_name": {}}', {}),
    "wrong content type": ("POST", CREATE, json.dumps(GOOD).encode(), {"content-type": "text/plain"}),
    "form data": ("POST", CREATE, b"--x\r\n\r\n--x--", {"content-type": "multipart/form-data; boundary=x"}),
    "no sense in content type": ("POST", CREATE, b"{}", {"content-type": ";;;"}),
    "charset that is no charset": ("POST", CREATE, b"{}", {"content-type": f"{JSON}; charset=zlib"}),
    "charset in a query": ("GET", USERS + "?is_staff=%41", b"", {"content-type": f"{JSON}; charset=hex"}),
    "compressed": ("POST", CREATE, b"\x1f\x8b\x08", {"content-encoding": "gzip"}),
    "only html, please": ("GET", PROFILE, b"", {"accept": "text/html"}),
    "method that is not there": ("DELETE", PROFILE, b"", {}),
    "method override": ("POST", PROFILE, b"{}", {"x-http-method-override": "PATCH"}),
    "method of no standard": ("FROB", PROFILE, b"", {}),
    "page of letters": ("GET", USERS + "?page=x", b"", {}),
    "huge page": ("GET", USERS + "?page=" + "9" * 400, b"", {}),
    "negative page": ("GET", USERS + "?page=-1", b"", {}),
    "NUL in a search": ("GET", USERS + "?search=%00", b"", {}),
    "filter of no sense": ("GET", USERS + "?is_active=%00", b"", {}),
    "huge id": ("GET", USERS + "9" * 40 + "/", b"", {}),
    "id of letters": ("GET", USERS + "abc/", b"", {}),
    "nothing there to post to": ("POST", "/api/v1/users/null,null/activate/", b"{}", {}),
    "path traversal": ("GET", "/api/v1/../../etc/passwd", b"", {}),
    "NUL in a path": ("GET", "/api/v1/tasks/%00/", b"", {}),
    "forged host": ("GET", PROFILE, b"", {"host": "evil.example"}),
    "digest for a token": ("GET", PROFILE, b"", {"authorization": "Bearer " + "0" * 128}),
    "forged forwarding": ("GET", PROFILE, b"", {"authorization": "Bearer x", "x-forwarded-for": "127.0.0.1"}),
}


def stored() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (CustomUser, get_token_model())]


@pytest.fixture
def client(db: None) -> Client:
    staff = CustomUser.objects.create_user("staff@example.com", P, is_staff=True)
    _, token = get_token_model().objects.create(user=staff)
    return Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"authorization": f"Bearer {token}"})


def test_there_are_at_least_sixty() -> None:
    assert len(REQUESTS) >= 60


@pytest.mark.parametrize("name", REQUESTS)
def test_is_refused_in_the_envelope_with_nothing_stored(client: Client, name: str) -> None:
    method, url, body, headers = REQUESTS[name]
    before = stored()
    content_type = headers.get("content-type", JSON)
    response = client.generic(
        method, url, body, content_type, headers={k: v for k, v in headers.items() if k != "content-type"}
    )
    assert 400 <= response.status_code < 500, response.content
    assert response.headers["Content-Type"] == JSON
    answer = response.json()
    assert answer["type"] in {"client_error", "validation_error"}
    assert all(set(error) == {"code", "detail", "attr"} for error in answer["errors"])
    assert answer["errors"]
    assert b"Traceback" not in response.content
    assert stored() == before
    assert mail.outbox == []


def test_the_same_request_without_harm_is_accepted(client: Client) -> None:
    assert client.post(CREATE, GOOD, JSON).status_code == 201
