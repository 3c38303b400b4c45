"""What schemathesis cannot know: who it is, and which ids and mailed links are real. Runs in its process."""

import atexit
import json
import os
import random
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import schemathesis
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - Django must be set up first

from apps.core.models import StartedTask  # noqa: E402
from apps.users.links import reset_links, verification_links  # noqa: E402
from apps.users.models import AuthToken, CustomUser  # noqa: E402
from checkout import paths  # noqa: E402

ROLE = os.environ["FUZZ_ROLE"]
PASSWORD = "engine-no-1842"
DIGEST = make_password(PASSWORD)
FIGURES = paths.FUZZ_FIGURES / f"{ROLE}.json"

counted: dict[str, Any] = {"cases": 0, "past": 0, "operations": set(), "succeeded": set()}
current: dict[str, str] = {}
# The last row of each list, by its path.
rows: dict[str, dict[str, Any]] = {}


def bodies_of_apps() -> dict[str, Callable[[], dict[str, Any]]]:
    """Collect BODIES of each apps/<app>/tests/fuzz.py: by operation, what makes a body, and the rows that it names."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for file in sorted((paths.ROOT / "apps").glob("*/tests/fuzz.py")):
        found |= import_module(f"apps.{file.parents[1].name}.tests.fuzz").BODIES
    return found


BODIES = bodies_of_apps()


def account(email: str, **fields: Any) -> CustomUser:
    """Return the account as it is meant to be, whatever the cases before did to it."""
    defaults = {"password": DIGEST, "is_active": True, "email_verified": True, **fields}
    return CustomUser.objects.update_or_create(email=email, defaults=defaults)[0]


def me() -> CustomUser:
    return account(f"{ROLE}@example.com", is_staff=ROLE == "staff")


@schemathesis.auth(refresh_interval=None)
class Token:
    """A token that is good: a new one where a case ended the last."""

    def get(self, case: Any, ctx: Any) -> str:
        if not AuthToken.objects.filter(pk=current.get("pk"), user__is_active=True).exists():
            row, current["token"] = AuthToken.objects.create(user=me())
            current["pk"] = row.pk
        return current["token"]

    def set(self, case: Any, data: str, ctx: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


def real_body(name: str) -> dict[str, Any] | None:
    new = {"password": PASSWORD, "password2": PASSWORD}
    if name == "POST /auth/login/":
        account("login@example.com")
        return {"email": "login@example.com", "password": PASSWORD}
    if name == "POST /auth/password/change/":
        me()
        return {"current_password": PASSWORD, **new}
    if name == "POST /auth/verify/":
        return {"token": verification_links.token_for(account("new@example.com", email_verified=False))}
    if name == "POST /auth/password/reset/confirm/":
        return {"token": reset_links.token_for(account("lost@example.com")), **new}
    if name in {"POST /auth/create/", "POST /auth/register/"}:
        return {"email": f"u{random.getrandbits(64)}@example.com", **new}
    return None


def real_path(name: str) -> dict[str, Any] | None:
    if "/tasks/{id}/" in name:
        return {"id": str(StartedTask.objects.create(user=me(), name="a task").pk)}
    if "/auth/sessions/{uuid}/" in name:
        return {"uuid": str(AuthToken.objects.create(user=me())[0].uuid)}
    if "/users/{id}/" in name:
        return {"id": account("target@example.com").pk}
    return seen_before(name)


def seen_before(name: str) -> dict[str, Any] | None:
    """Return what the API itself has answered for a path of this kind, so that a new app needs no line here."""
    found = re.fullmatch(r"\w+ (/.*/)\{(\w+)\}/.*", name)
    row = rows.get(found[1], {}) if found else {}
    return {found[2]: row[found[2]]} if found and found[2] in row else None


def remember(case: Any, response: Any) -> None:
    """Keep the last row that a list, or what adds to it, has answered."""
    _, _, path = label(case).partition(" ")
    answer = response.json() if response.headers.get("content-type", [""])[0] == "application/json" else None
    some = answer.get("results", [answer]) if isinstance(answer, dict) else []
    if some and isinstance(some[-1], dict):
        rows[path] = some[-1]


@schemathesis.hook
def before_call(ctx: Any, case: Any, kwargs: Any) -> None:
    """Put real values into well-formed cases: all of an operation until one succeeds, then half of them."""
    mode = case.meta.generation.mode if case.meta else GenerationMode.POSITIVE
    has_succeeded = case.operation.label in counted["succeeded"]
    if mode != GenerationMode.POSITIVE or (has_succeeded and random.random() < 0.5):  # noqa: S311
        return
    name = label(case)
    if body := BODIES[name]() if name in BODIES else real_body(name):
        case.body = body
    if path := real_path(name):
        case.path_parameters = path
    # The first page is always there.
    case.query = {name: value for name, value in (case.query or {}).items() if name != "page"}


def label(case: Any) -> str:
    return f"{case.method.upper()} {case.operation.path.removeprefix('/api/v1')}"


@schemathesis.check
def good_data_acceptance(ctx: Any, response: Any, case: Any) -> bool | None:
    """Stand in for positive_data_acceptance: that a value is taken already, or names a row, no schema can say."""
    answer = response.json() if response.status_code == 400 else {}
    codes = {error.get("code") for error in answer.get("errors", [])}
    if codes and codes <= {"unique", "does_not_exist"}:
        return None
    return checks.positive_data_acceptance(ctx, response, case)


@schemathesis.hook
def after_call(ctx: Any, case: Any, response: Any) -> None:
    counted["cases"] += 1
    counted["past"] += response.status_code not in {401, 429}
    counted["operations"].add(case.operation.label)
    if 200 <= response.status_code < 300 and case.method.upper() == case.operation.method.upper():
        counted["succeeded"].add(case.operation.label)
        remember(case, response)


@atexit.register
def write() -> None:
    Path(FIGURES).parent.mkdir(parents=True, exist_ok=True)
    figures = {name: sorted(value) if isinstance(value, set) else value for name, value in counted.items()}
    FIGURES.write_text(json.dumps(figures))
