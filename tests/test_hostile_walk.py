"""A walk through every endpoint and every page of the admin, with hostile values in path, query, headers and body.

Whatever comes, the answer is no 500. Each request is rolled back, so that the next one finds what the first found.
All of it takes some minutes: FUZZ_WALK=all just test tests/test_hostile_walk.py. Else it is one request in forty.
"""

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult
from knox.models import get_token_model

from apps.core.models import Effect, StartedTask
from apps.users.models import CustomUser

pytestmark = [pytest.mark.long, pytest.mark.django_db, pytest.mark.timeout(600)]

HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "0",
    "-1",
    "1.5",
    "-0.0",
    "1e400",
    "NaN",
    "Infinity",
    "2147483648",
    "9223372036854775808",
    "9" * 400,
    "9" * 5000,
    "\N{ARABIC-INDIC DIGIT THREE}",
    "\N{SUPERSCRIPT TWO}",
    "null",
    "true",
    "[]",
    '{"$ne": ""}',
    "' OR 1=1; --",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }}{% debug %}",
    "%s%n%(x)s",
    "../../../etc/passwd",
    "\\..\\..",
    "a\r\nSet-Cookie: x=y",
    "\N{RIGHT-TO-LEFT OVERRIDE}moc.elpmaxe",
    "\N{ZERO WIDTH SPACE}\N{BYTE ORDER MARK}",
    "\N{COMBINING GRAVE ACCENT}" * 200,
    "\N{PILE OF POO}" * 50,
    "x" * 10_000,
    "0001-01-01",
    "99999-12-31T25:61:61+99:99",
    "10000000000-1",
    "00000000-0000-0000-0000-000000000000",
    "_3A_2F_00_5F",
    "a,b,c," * 500,
    "\x1b[2J\x07\x7f",
]
# Bytes of a URL as they are: overlong, cut off, encoded twice, no UTF-8 at all.
RAW = ["%00", "%C0%80", "%ED%A0%80", "%FF%FE", "%E2%82", "%2500", "%u0000", "%", "%zz", "%F4%90%80%80", "%0d%0aX:%20y"]
BODIES: list[Any] = [
    *HOSTILE,
    None,
    True,
    -1,
    1.5,
    10**400,
    -(2**63) - 1,
    [],
    [[]],
    {},
    ["a"] * 1000,
    {"a": {"a": {"a": None}}},
    {"__type__": "x", "\x00": "\ud800"},
]
QUERIES = (
    "q",
    "o",
    "p",
    "page",
    "search",
    "ordering",
    "id__exact",
    "pk__in",
    "is_active",
    "email__startswith",
    "_popup",
)
QUERIES += ("next", "_to_field", "_changelist_filters", "date_joined__gte", "created__year", "format", "term", "status")
HEADERS = ("Accept", "Accept-Language", "Content-Type", "Origin", "Referer", "User-Agent", "X-Forwarded-For", "Range")
HEADERS += (
    "X-Request-ID",
    "X-CSRFToken",
    "If-Modified-Since",
    "X-HTTP-Method-Override",
    "X-Requested-With",
    "Forwarded",
)
CREDENTIALS = ("Authorization", "Cookie", "Host")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
DOWN = {"readyz", "healthz"}


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Yield all routes, with <names> in place of what varies."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", str(entry.pattern)).strip("^$")
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


ROUTES = sorted(set(routes()))
PLACES = re.compile(r"<(?:\w+:)?(\w+)>")


@pytest.fixture
def objects() -> dict[str, Any]:
    """Return an object for each model whose pages need one, by the beginning of their routes."""
    root = CustomUser.objects.create_user("root@example.com", "engine-no-1842", is_staff=True, is_superuser=True)
    started = StartedTask.objects.create(id=uuid4(), user=root, name="a task")
    token, _ = get_token_model().objects.create(user=root)
    found = (root, started, token, Group.objects.create(name="g"), Effect.objects.create(key="k"))
    results = TaskResult.objects.create(task_id=str(started.pk), status="FAILURE", task_name="a task")
    pages = {
        f"admin/{o._meta.app_label}/{o._meta.model_name}/": o for o in (*found, results, PeriodicTask.objects.first())
    }
    return {**pages, "api/v1/users/": root, "api/v1/tasks/": started, "root": root}


@pytest.fixture
def client(objects: dict[str, Any]) -> Client:
    _, token = get_token_model().objects.create(user=objects["root"])
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})
    client.force_login(objects["root"])
    return client


def test_the_walk_is_long() -> None:
    assert len(HOSTILE) >= 30
    assert len(ROUTES) >= 60
    assert {f"admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry} <= set(ROUTES)


def ask(client: Client, method: str, url: str, body: bytes = b"", **headers: str) -> int:
    content_type = headers.pop("Content-Type", "application/json")
    with transaction.atomic():
        status = client.generic(method, url, body, content_type, headers=headers).status_code
        transaction.set_rollback(True)
    return status


def path(route: str, objects: dict[str, Any], place: str = "", value: str = "") -> str:
    """Return the route's path, with the value in one of its places and real ones in all others."""
    real = next((found for start, found in objects.items() if route.startswith(start)), None)
    text = str(getattr(real, "uuid", None) if "<uuid:uuid>" in route else getattr(real, "pk", 1))
    return "/" + PLACES.sub(lambda match: value if match[1] == place else quote(text, safe=""), route)


def encoded(value: str) -> str:
    return quote(value, safe="", errors="surrogatepass")


def as_header(value: str) -> str:
    """Return the value as a server hands it on: bytes as Latin-1."""
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def bodies(value: Any) -> Iterator[tuple[bytes, str]]:
    names = ("email", "password", "password2", "token", "current_password", "first_name", "last_name", "reason")
    yield json.dumps(value).encode(), "application/json"
    yield json.dumps(dict.fromkeys(names, value)).encode(), "application/json"
    if isinstance(value, str):
        fields = (
            "action",
            "_selected_action",
            "username",
            "old_password",
            "crontab",
            "is_active",
            "next",
            "_save",
            "post",
        )
        form = dict.fromkeys((*names, *fields, "form-TOTAL_FORMS", "form-0-id", "select_across"), encoded(value))
        yield "&".join(f"{name}={found}" for name, found in form.items()).encode(), "application/x-www-form-urlencoded"
        yield (
            urlencode({"action": "delete_selected", "_selected_action": value}, errors="surrogatepass").encode(),
            ("application/x-www-form-urlencoded"),
        )


def requests(route: str, objects: dict[str, Any]) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    url = path(route, objects)
    for value in [*map(encoded, HOSTILE), *RAW]:
        for place in PLACES.findall(route):
            for method in ("GET", "POST"):
                yield method, path(route, objects, place, value), b"", {}
        names = QUERIES if "<" not in route else QUERIES[:1]
        yield from (("GET", f"{url}?{name}={value}", b"", {}) for name in names)
        yield "GET", f"{url}?{value}={value}", b"", {}
    for text in map(as_header, HOSTILE):
        yield "GET", url, b"", dict.fromkeys(HEADERS, text)
        yield "GET", url, b"", dict.fromkeys(CREDENTIALS[:1], text)
        octal = "".join(f"\\{ord(character) % 512:03o}" for character in text[:40])
        yield "GET", url, b"", {"Cookie": f'sessionid="{octal}"; csrftoken={text}; messages="{octal}"'}
        yield "GET", url, b"", {"Host": text}
    for value in BODIES:
        for body, content_type in bodies(value):
            for method in METHODS[1:] if content_type == "application/json" else METHODS[1:2]:
                yield method, url, body, {"Content-Type": content_type}


@pytest.mark.parametrize("route", ROUTES)
def test_is_answered_whatever_comes(route: str, client: Client, objects: dict[str, Any]) -> None:
    failed = []
    step = 1 if os.environ.get("FUZZ_WALK") == "all" else 40
    # Begun elsewhere for each route, so that all kinds are among them.
    for method, url, body, headers in islice(requests(route, objects), ROUTES.index(route) % step, None, step):
        status = ask(client, method, url, body, **headers)
        if status >= 500 and not (status == 503 and route in DOWN):
            failed.append((status, method, url[:200], body[:200], headers))
    assert not failed, failed[:3]
