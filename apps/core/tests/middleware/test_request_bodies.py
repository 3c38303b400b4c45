"""Bodies in chunks, read by the very parser that serves them: gunicorn's, from raw bytes to the WSGI environment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser
from rest_framework.test import APIClient

from apps.core.tests.helpers import log_in, make_user

PROFILE, VERIFY = "/api/v1/auth/profile/", "/api/v1/auth/verify/"
LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.fixture(autouse=True)
def _keep_the_tests_connection() -> Iterator[None]:
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


class Socket:
    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 8000)


def serve(raw: bytes, **environ: Any) -> tuple[int, Any]:
    """Return status and JSON of what is answered to the bytes of a request."""
    cfg = Config()
    [request] = [next(RequestParser(cfg, iter([raw]), ("127.0.0.1", 1234)))]
    _, env = wsgi.create(request, Socket(), ("127.0.0.1", 1234), ("127.0.0.1", 8000), cfg)
    begun: list[str] = []
    answer = WSGIHandler()(env | environ, lambda status, *_args: begun.append(status))
    body = b"".join(answer)
    answer.close()
    return int(begun[0].split()[0]), json.loads(body) if body.startswith(b"{") else body


@pytest.fixture
def token(db: None) -> str:
    client = APIClient()
    log_in(client, make_user())
    return str(client._credentials["HTTP_AUTHORIZATION"]).removeprefix("Bearer ")


def request(token: str, body: bytes, *, method: str = "PATCH", path: str = PROFILE, **headers: str) -> bytes:
    fields = {"Host": "testserver", "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    fields |= {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def test_a_body_in_chunks_is_read(token: str) -> None:
    status, answer = serve(request(token, chunks(b'{"first_name": "Gr', b'ace"}')))
    assert (status, answer["first_name"]) == (200, "Grace")


def test_one_of_a_single_chunk_for_each_byte_is_read(token: str) -> None:
    body = [bytes([byte]) for byte in b'{"first_name": "Grace"}']
    assert serve(request(token, chunks(*body)))[1]["first_name"] == "Grace"


def test_an_empty_one_is_an_empty_body(token: str) -> None:
    assert serve(request(token, chunks()))[0] == 200


def test_one_that_is_malformed_json_is_said_so(token: str) -> None:
    status, answer = serve(request(token, chunks(b'{"first')))
    assert (status, answer["errors"][0]["code"]) == (400, "parse_error")


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}", b"2\r\n{}XX0\r\n\r\n", b"-1\r\n\r\n"])
def test_chunks_that_are_none_are_the_clients_error(token: str, body: bytes) -> None:
    status, answer = serve(request(token, body))
    assert (status, answer["errors"][0]["code"]) == (400, "parse_error")


def test_one_beyond_the_limit_is_too_large_and_is_not_read_to_its_end(token: str) -> None:
    pieces = [b'{"first_name": "', *[b"x" * 65536] * (LIMIT // 65536 + 1)]
    status, answer = serve(request(token, chunks(*pieces)))
    assert (status, answer["errors"][0]["code"]) == (413, "payload_too_large")


def test_one_of_just_the_limit_is_read(token: str) -> None:
    body = b'{"first_name": "Grace"}'
    assert serve(request(token, chunks(body + b" " * (LIMIT - len(body)))))[0] == 200


def test_a_server_that_does_not_say_where_the_body_ends_is_not_read_from(token: str) -> None:
    raw = request(token, chunks(b'{"first_name": "Grace"}'))
    status, answer = serve(raw, **{"wsgi.input_terminated": False})
    assert (status, answer["errors"][0]["code"]) == (411, "length_required")


def test_a_form_in_chunks_reaches_the_admin(token: str) -> None:
    make_user("root@example.com", is_staff=True, is_superuser=True)
    form = b"username=root@example.com&password=engine-no-1842&csrfmiddlewaretoken=" + b"a" * 32
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={'a' * 32}"}
    status, _ = serve(request(token, chunks(form), method="POST", path="/admin/login/", **headers))
    assert status == 302


def asgi(*pieces: bytes) -> tuple[int, Any]:
    """Send a body without any length to a view that looks at it before it asks Postgres, whose threads are others."""

    async def ask() -> tuple[int, Any]:
        headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": VERIFY, "query_string": b"", "headers": headers}
        server = ApplicationCommunicator(get_asgi_application(), scope)
        for piece in pieces:
            await server.send_input({"type": "http.request", "body": piece, "more_body": True})
        await server.send_input({"type": "http.request", "body": b"", "more_body": False})
        start, body = [await server.receive_output(10) for _ in range(2)]
        await server.wait()
        return start["status"], json.loads(body["body"])

    return async_to_sync(ask)()


def test_a_body_of_no_length_is_read_from_an_asgi_server_too() -> None:
    status, answer = asgi(b'{"token"', b": 1}")
    assert (status, answer["errors"][0]["code"]) == (400, "invalid")


def test_and_not_beyond_the_limit() -> None:
    status, answer = asgi(*[b" " * 65536] * (LIMIT // 65536 + 1))
    assert (status, answer["errors"][0]["code"]) == (413, "payload_too_large")
