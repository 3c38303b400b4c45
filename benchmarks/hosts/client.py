"""The clients: `python -m benchmarks.hosts.client URL FILE PASSWORD`, until stdin ends. Writes a line for each request.

Each has an account and a connection of its own and sends some requests a second: reads, writes of a number that only
grows, tasks, pings. One of them, the administrator, also creates accounts.
"""

import http.client
import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

CLIENTS = 8
# Requests a second of each client.
PACE = 8.0
TIMEOUT = 30.0
_KINDS = {"read": 45, "ping": 20, "write": 20, "task": 15}
_NEW = "engine-no-1843-b"


class Client:
    """One account's client. It gives up nothing: what fails is recorded, and the next request follows."""

    def __init__(self, host: str, email: str, password: str, file: TextIO) -> None:
        self._host, self._email, self._file = host, email, file
        self._connection: http.client.HTTPConnection | None = None
        self._token = ""
        self._number = 0
        _, answer = self.send("login", "POST", "auth/login/", {"email": email, "password": password})
        self._token = answer["token"]

    def turn(self) -> None:
        """Send one request."""
        kinds = _KINDS | ({"create": 5} if self._email.startswith("admin") else {})
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        if kind == "read":
            self.send(kind, "GET", "auth/profile/")
        elif kind == "ping":
            self.send(kind, "GET", "core/ping/")
        elif kind == "task":
            self.send(kind, "POST", "core/fire-task/")
        elif kind == "write":
            self._number += 1
            self.send(kind, "PATCH", "auth/profile/", {"first_name": str(self._number)}, value=self._number)
        else:
            self._number += 1
            email = f"created-{self._number}-{time.time_ns()}@example.com"
            body = {"email": email, "password": _NEW, "password2": _NEW}
            self.send(kind, "POST", "auth/create/", body, value=email)

    def send(self, kind: str, method: str, path: str, body: Any = None, value: Any = None) -> tuple[int, Any]:
        """Send a request and record its fate; status 0 is a connection that failed."""
        sent, status, answer, error = time.time(), 0, None, ""
        headers = {"Host": "api.example.com", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, timeout=TIMEOUT)
            text = None if body is None else json.dumps(body)
            self._connection.request(method, f"/api/v1/{path}", text, headers)
            response = self._connection.getresponse()
            status, raw = response.status, response.read()
            answer = json.loads(raw) if raw[:1] == b"{" else None
        except (OSError, http.client.HTTPException) as failure:
            error = type(failure).__name__
            self._connection = None
        if kind == "task" and answer:
            value = answer.get("id")
        line = {"kind": kind, "who": self._email, "sent": sent, "took": time.time() - sent, "status": status}
        self._file.write(json.dumps(line | {"value": value, "error": error}) + "\n")
        return status, answer


def run(client: Client, ended: threading.Event) -> None:
    due = time.monotonic() + random.random() / PACE
    while not ended.wait(max(0.0, due - time.monotonic())):
        client.turn()
        # After a request that hung it does not hurry to catch up.
        due = max(due + 1 / PACE, time.monotonic())


def main() -> None:
    host, path, password = sys.argv[1:]
    ended = threading.Event()
    emails = ["admin@example.com", *(f"user{number:05}@example.com" for number in range(1, CLIENTS))]
    with Path(path).open("w", buffering=1) as file:
        clients = [Client(host, email, password, file) for email in emails]
        threads = [threading.Thread(target=run, args=(client, ended)) for client in clients]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        ended.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
