"""One client that asks everything: each operation of the API's schema, and each list of the admin."""

import http.client
import json
import random
import re
import time
from typing import Any
from urllib.parse import urlencode

_NEW = "engine-no-1843-b"
_NAMES = {"first_name": "Ada", "last_name": "Lovelace"}
# Seconds before each request, on average.
PAUSE = 3.0
# These need a token that is mailed: it is refused (400), after a look into the database.
_NEEDS_MAIL = ("/auth/verify/", "/auth/password/reset/confirm/")
# What ends the session of this client comes last.
_LAST = ("/auth/password/change/", "/auth/logout/", "/auth/logoutall/")


class Walker:
    """Sends each request once, and remembers the answer's status."""

    def __init__(self, host: str, email: str, password: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=60)
        self._email, self._password = email, password
        self._token = ""
        self._cookies: dict[str, str] = {}
        self._made = self._other = 0

    def operations(self) -> dict[str, int]:
        """Return the status of each operation of the schema, by its name."""
        answers: dict[str, int] = {}
        _, schema = self._api("GET", "/api/schema/")
        known = {f"{method.upper()} {path}" for path, found in schema["paths"].items() for method in found}
        for operation in sorted(known, key=lambda name: (name.endswith(_LAST), name.startswith("DELETE"), name)):
            method, path = operation.split()
            if not self._token or path.endswith(_LAST):
                # Rarely: a password takes long to check, by design.
                self.log_in()
            status, _ = self._api(method, self._filled(path), self._body(method, path))
            if path.endswith("/password/change/"):
                self._password = _NEW
            # Refused as it should be.
            answers[operation] = 200 if path.endswith(_NEEDS_MAIL) and status == 400 else status  # noqa: PLR2004
        return answers

    def admin(self) -> dict[str, int]:
        """Return the status of each page that the admin's index names, by its path."""
        self._page("GET", "/admin/login/")
        form = {"username": self._email, "password": self._password, "csrfmiddlewaretoken": self._cookies["csrftoken"]}
        self._page("POST", "/admin/login/?next=/admin/", urlencode(form))
        status, index = self._page("GET", "/admin/")
        pages = sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z_]+/(?:add/)?)"', index)))
        return {"GET /admin/": status if pages else 0} | {f"GET {page}": self._page("GET", page)[0] for page in pages}

    def log_in(self) -> str:
        """Open a session, whose token the next requests send; return it."""
        body = {"email": self._email, "password": self._password}
        self._token = ""
        status, answer = self._api("POST", "/api/v1/auth/login/", body)
        if not answer or "token" not in answer:
            raise RuntimeError(f"{self._email} could not log in: {status} {answer or ''}")
        self._token = str(answer["token"])
        return self._token

    def _filled(self, path: str) -> str:
        """Return the path with the id of another account, of a task or of a session, which is made for it."""
        if "/users/{id}/" in path:
            return path.replace("{id}", str(self._another()))
        if "/tasks/{id}/" in path:
            return path.replace("{id}", self._api("POST", "/api/v1/core/fire-task/")[1]["id"])
        if "{uuid}" in path:
            return path.replace("{uuid}", self._api("GET", "/api/v1/auth/sessions/")[1]["results"][0]["uuid"])
        return path

    def _another(self) -> int:
        """Return the id of another account, which is made once."""
        if not self._other:
            self._other = int(self._api("POST", "/api/v1/auth/create/", self._new_account())[1]["id"])
        return self._other

    def _new_account(self) -> dict[str, str]:
        self._made += 1
        return {"email": f"of-{self._made}-{self._email}", "password": _NEW, "password2": _NEW}

    def _body(self, method: str, path: str) -> Any:
        new = {"password": _NEW, "password2": _NEW}
        bodies: dict[str, Any] = {
            "create": self._new_account,
            "register": self._new_account,
            "login": lambda: {"email": self._email, "password": self._password},
            "change": lambda: {"current_password": self._password, **new},
            "reset": lambda: {"email": self._email},
            "confirm": lambda: {"token": "MQ:none", **new},
            "verify": lambda: {"token": "MQ:none"},
        }
        last = path.rstrip("/").rpartition("/")[2]
        if last in bodies:
            return bodies[last]()
        return _NAMES if method in {"PUT", "PATCH"} else None

    def _api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | (
            {"Authorization": f"Bearer {self._token}"} if self._token else {}
        )
        status, text = self._send(method, path, None if body is None else json.dumps(body), headers)
        return status, json.loads(text) if text[:1] == "{" else None

    def _page(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Referer": f"https://api.example.com{path}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        # As people do: all of them at full speed would show what two cores can do, not what the pool can.
        time.sleep(random.uniform(0, 2 * PAUSE))
        try:
            self._connection.request(method, path, body, {"Host": "api.example.com", **headers})
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException):
            # No answer is a failure like any other; the next request connects anew.
            self._connection.close()
            return 0, ""
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read().decode()
