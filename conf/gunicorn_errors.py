"""The error envelope for requests that gunicorn refuses before Django sees them, such as a URI that is too long.

gunicorn responds with an HTML page and has no setting for it; all its workers write errors by this one function.
"""

import json
from http import HTTPStatus
from typing import Any

from gunicorn import util

_CODES = {
    400: "parse_error",
    403: "permission_denied",
    414: "uri_too_long",
    417: "expectation_failed",
    431: "headers_too_large",
}


def install() -> None:
    util.write_error = write_error


def write_error(sock: Any, status_int: int, reason: str, _message: str) -> None:
    """Stand in for gunicorn.util.write_error. The message is not sent: it repeats what was received."""
    kind = "server_error" if status_int >= HTTPStatus.INTERNAL_SERVER_ERROR else "client_error"
    errors = [{"code": _CODES.get(status_int, "error"), "detail": f"{reason}.", "attr": None}]
    body = json.dumps({"type": kind, "errors": errors}).encode()
    head = f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
