"""Requests to the code that lies beside this file, reads and writes, over and over, until standard input ends.

The lines of standard input are "go" and "pause". The answers go to the descriptor in the argument, one line of JSON a
request.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import count
from typing import Any, TextIO

import django
from django.core.signals import got_request_exception

_THREADS = 4
# Seconds between two requests of a thread.
_PAUSE = 0.02
_PASSWORD = "correct-horse-battery-rehearsal"  # noqa: S105 - of accounts in a copy that is about to be deleted
_ADMIN, _USER = "rehearsal-admin@example.com", "rehearsal-user@example.com"
_LOGIN = "/api/v1/auth/login/"
# Besides the lists of the schema, and writes to what they hold.
_WRITES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("patch", "/api/v1/auth/profile/", {"first_name": "Ada"}),
    ("post", "/api/v1/core/fire-task/", {}),
)
_FAILS = 500

Request = tuple[str, Callable[[], Any]]


class Api:
    """The API as two accounts of its own use it: an administrator and a user."""

    def __init__(self) -> None:
        """Make the accounts, and log in."""
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - after the setup

        model: Any = get_user_model()
        for email, make in ((_ADMIN, model.objects.create_superuser), (_USER, model.objects.create_user)):
            model.objects.filter(email=email).delete()
            make(email=email, password=_PASSWORD)
        self._tokens = {email: self.log_in(email).json().get("token", "") for email in (_ADMIN, _USER)}

    def log_in(self, email: str) -> Any:
        """Log in, which makes a new token."""
        return self._client().post(_LOGIN, {"email": email, "password": _PASSWORD}, content_type="application/json")

    def send(self, method: str, path: str, body: Any = None, *, email: str = _ADMIN) -> Any:
        """Send one request as an account."""
        given = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(self._client(), method)(
            path, headers={"Authorization": f"Bearer {self._tokens[email]}"}, **given
        )

    @staticmethod
    def _client() -> Any:
        from django.test import Client  # noqa: PLC0415 - after the setup

        client: Any = Client
        return client(raise_request_exception=False)

    def requests(self) -> Iterator[Request]:
        """Yield the requests, each with its name."""
        yield f"POST {_LOGIN}", partial(self.log_in, _USER)
        paths = _schema()
        for path in (path for path in paths if "{" not in path and "get" in paths[path]):
            yield f"GET {path}", partial(self.send, "get", path)
            yield from self._of_one(path, paths)
        for method, path, body in _WRITES:
            if method in paths.get(path, {}):
                yield f"{method.upper()} {path}", partial(self.send, method, path, body, email=_USER)

    def _of_one(self, path: str, paths: dict[str, Any]) -> Iterator[Request]:
        """Yield a read of an object of a list, and a write that changes nothing."""
        detail = next((known for known in paths if known.startswith(f"{path}{{") and known.endswith("}/")), "")
        key = detail.partition("{")[2].removesuffix("}/")
        listed = self.send("get", path)
        rows = listed.json().get("results", []) if detail and listed.status_code == 200 else []  # noqa: PLR2004
        urls = [f"{path}{row[key]}/" for row in rows if key in row]
        for method, body in (("get", None), ("patch", {})):
            # Some rows are not everybody's.
            allowed = (url for url in urls if self.send(method, url, body).status_code == 200)  # noqa: PLR2004
            if method in paths.get(detail, {}) and (url := next(allowed, "")):
                yield f"{method.upper()} {detail}", partial(self.send, method, url, body)


def _schema() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415 - after the setup

    generator: Any = SchemaGenerator
    paths: dict[str, Any] = generator().get_schema(request=None, public=True)["paths"]
    return paths


def _lift_limits() -> None:
    from rest_framework.settings import api_settings  # noqa: PLC0415 - after the setup

    rates: Any = api_settings.DEFAULT_THROTTLE_RATES
    rates.update(dict.fromkeys(rates, "100000/s"))


class Errors(threading.local):
    """The exception of the thread's last request; Django turns it into a response."""

    last = ""

    def remember(self, **_kwargs: Any) -> None:
        """Keep the exception that is handled."""
        kind, error, _ = sys.exc_info()
        self.last = f"{kind.__name__ if kind else ''}: {error}"


def measure(request: Request, errors: Errors) -> dict[str, Any]:
    """Send a request; return when, and how it ended."""
    name, send = request
    errors.last = ""
    started = time.time()
    try:
        status = int(getattr(send(), "status_code", 200))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the result
        status, errors.last = _FAILS, f"{type(error).__name__}: {error}"
    message = errors.last.partition("\n")[0] if status >= _FAILS else ""
    return {"name": name, "start": started, "end": time.time(), "status": status, "error": message}


def loop(requests: list[Request], first: int, going: threading.Event, write: Callable[[Any], None]) -> None:
    """Send the requests in turn, for ever."""
    errors = Errors()
    got_request_exception.connect(errors.remember)
    for number in count(first):
        going.wait()
        write(measure(requests[number % len(requests)], errors))
        time.sleep(_PAUSE)


def main(answers: TextIO) -> None:
    """Send requests while standard input says so."""
    django.setup()
    # Lies beside this file, where this runs.
    models = import_module("rehearsal_models")
    _lift_limits()
    errors, lock, going = Errors(), threading.Lock(), threading.Event()
    got_request_exception.connect(errors.remember)

    def write(answer: Any) -> None:
        with lock:
            print(json.dumps(answer), file=answers, flush=True)

    requests = [*Api().requests(), *models.statements()]
    # What fails before any migration says nothing about one.
    first = [measure(request, errors) for request in requests]
    fails = [answer for answer in first if answer["status"] >= _FAILS]
    works = [request for request, answer in zip(requests, first, strict=True) if answer not in fails]
    write({"works": [name for name, _ in works], "fails": fails})
    for number in range(_THREADS):
        arguments = (works, number * len(works) // _THREADS, going, write)
        threading.Thread(target=loop, args=arguments, daemon=True).start()
    for line in sys.stdin:
        (going.set if line.strip() == "go" else going.clear)()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings")
    main(os.fdopen(int(sys.argv[1]), "w"))
    # The threads are in the middle of something.
    os._exit(0)
