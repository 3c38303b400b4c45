"""A request's id, and its line in the log."""

import logging
import re
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.core.signals import request_finished
from django.db import connections
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bind_contextvars, clear_contextvars

from apps.core.client import client_ip

logger = logging.getLogger("django.info")

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
# What proxies and clients send (UUIDs, ULIDs, trace ids); nothing that could forge a line or fill a disk.
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIDMiddleware:
    """Give every request an id, which its log lines, its answer and the tasks that it starts carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        incoming = request.headers.get(HEADER, "")
        request_id = incoming if _SANE_ID.fullmatch(incoming) else uuid4().hex
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


@receiver(request_finished)
def forget_request(**_kwargs: object) -> None:
    """The thread serves somebody else next. Not in the middleware: Django logs answers of 4xx and 5xx after it."""
    clear_contextvars()


class QueryMeter:
    """Count the queries of a request and add up their time."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        started = perf_counter()
        try:
            return execute(*args)
        finally:
            self.count += 1
            self.seconds += perf_counter() - started


class AccessLogMiddleware:
    """Write one line for each request, with what it cost."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meter = QueryMeter()
        started = perf_counter()
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(meter))
            response = self.get_response(request)
        line = access_line(request, response, seconds=perf_counter() - started, meter=meter)
        # Monitors ask for health every few seconds; only an answer other than "well" is news.
        quiet = line["route"] in {"livez", "readyz", "healthz"} and response.status_code < 400  # noqa: PLR2004
        logger.log(logging.DEBUG if quiet else logging.INFO, "request", extra=line)
        return response


def access_line(request: HttpRequest, response: HttpResponse, *, seconds: float, meter: QueryMeter) -> dict[str, Any]:
    match = request.resolver_match
    return {
        "method": request.method,
        "path": request.path,
        "route": match.route if match else None,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "queries": meter.count,
        "query_ms": round(meter.seconds * 1000, 1),
        "user_id": _user_id(request),
        "client_ip": client_ip(request),
    }


def _user_id(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and not hasattr(request, "_cached_user"):
        # Nobody asked who it is; to ask now would read the session, for the log's sake alone.
        return None
    return getattr(user, "pk", None)
