"""The metrics of a program that serves no requests, on a port of its own (METRICS_PORT)."""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from apps.core.observability.metrics.exposition import exposition
from apps.core.observability.metrics.views import CONTENT_TYPE, is_allowed


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    # Seconds: whoever connects and says nothing is let go.
    timeout = 5

    def log_message(self, *_args: Any) -> None:
        """Say nothing: Prometheus asks every few seconds."""


def serve(port: int, *, path: str) -> None:
    """Answer Prometheus on a port, in a thread that ends with the process. Raises OSError for a port that is taken."""
    server = make_server("", port, _application(path), server_class=_Server, handler_class=_SilentHandler)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def _application(path: str) -> Callable[..., Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != f"/{path}":
            status, body = "404 Not Found", f"The metrics are at /{path}.\n".encode()
        elif not is_allowed(environ.get("HTTP_AUTHORIZATION", "")):
            status, body = "401 Unauthorized", b"The token is missing or wrong.\n"
        else:
            status, body = "200 OK", exposition()
        start_response(status, [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))])
        return [body]

    return application
