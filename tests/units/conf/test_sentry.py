"""Reports as a server of Sentry gets them; the server is one of the test's own."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from checkout import paths
from conf.sentry import report_errors

received: list[dict[str, Any]] = []

# A view that fails, asked through all of the middleware.
CRASH = """
import django; django.setup()
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from conf import urls
import sentry_sdk
def crash(request):
    password = "tiger-in-a-local-variable"
    raise ConnectionError("postgres://app:tiger-in-a-url@db is away")
urls.urlpatterns.append(path("crash", crash))
client = Client(raise_request_exception=False)
headers = {"x-request-id": "request-one", "authorization": "Bearer tiger-in-a-header-of-a-request"}
print(client.get("/crash?token=tiger-in-a-query", headers=headers).status_code)
sentry_sdk.flush()
"""


class Sentry(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = (gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body).splitlines()
        received.extend(json.loads(line) for line in lines[1:] if b'"exception"' in line)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def dsn() -> Iterator[str]:
    received.clear()
    with HTTPServer(("127.0.0.1", 0), Sentry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1"
        server.shutdown()


def run(code: str, **variables: str) -> str:
    environment = os.environ | {"ENVIRONMENT": "test", "DJANGO_SETTINGS_MODULE": "conf.settings"} | variables
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=paths.ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@pytest.mark.stack
def test_an_error_is_reported_once_with_the_request_and_without_secrets(dsn: str) -> None:
    assert run(CRASH, SENTRY_DSN=dsn, RELEASE="1.2.3") == "500"
    [event] = received
    assert event["exception"]["values"][-1]["type"] == "ConnectionError"
    assert event["tags"]["request_id"] == "request-one"
    assert (event["environment"], event["release"]) == ("test", "1.2.3")
    assert "tiger" not in json.dumps(event)


@pytest.mark.stack
def test_unset_the_library_is_not_even_imported() -> None:
    code = "import sys, django; django.setup(); print('sentry_sdk' in sys.modules, 'prometheus_client' in sys.modules)"
    assert run(code, SENTRY_DSN="", METRICS_TOKEN="") == "False False"


def test_a_library_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="uv sync --extra sentry"):
        report_errors(dsn="https://key@errors.example.com/1", environment="test")
