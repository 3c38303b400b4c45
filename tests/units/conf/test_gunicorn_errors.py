"""What gunicorn refuses by itself, from raw bytes to the answer."""

import json
import logging
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn import util
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.workers.base import Worker

from conf import gunicorn_errors

ADDRESS = ("127.0.0.1", 1234)


def answer_to(raw: bytes) -> tuple[int, str, Any]:
    """Return status, content type and JSON of the answer to a request that gunicorn does not take."""
    worker = Worker.__new__(Worker)
    log = logging.getLogger("gunicorn.error")
    worker.cfg = Config()
    worker.log = SimpleNamespace(warning=log.warning, exception=log.exception, access=lambda *_args: None)
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(util, "write_error", gunicorn_errors.write_error)
        try:
            next(RequestParser(worker.cfg, iter([raw]), ADDRESS))
        except Exception as error:  # noqa: BLE001 - gunicorn has many
            worker.handle_error(None, ours, ADDRESS, error)
        head, _, body = theirs.recv(65536).partition(b"\r\n\r\n")
    lines = head.decode().splitlines()
    fields = dict(line.split(": ") for line in lines[1:])
    assert int(fields["Content-Length"]) == len(body)
    return int(lines[0].split()[1]), fields["Content-Type"], json.loads(body)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"GET /api/v1/users/?page=" + b"9" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n", 400, "parse_error"),
        (b"hunter2\r\n\r\n", 400, "parse_error"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "parse_error"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "parse_error"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "parse_error"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n", 501, "error"),
    ],
)
def test_is_answered_in_the_envelope(raw: bytes, status: int, code: str) -> None:
    found, content_type, answer = answer_to(raw)
    assert (found, content_type) == (status, "application/json")
    [error] = answer["errors"]
    assert (error["code"], error["attr"]) == (code, None)
    assert answer["type"] == ("server_error" if status >= 500 else "client_error")
    assert "hunter2" not in str(answer)
