"""A request's id, and its line in the log."""

import logging
import re
from collections.abc import Callable
from secrets import token_hex
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bind_contextvars, clear_contextvars

from apps.core.client import client_ip
from apps.core.queries import QueryMeter
from apps.core.signals import request_served

logger = logging.getLogger("django.info")

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
# What proxies and clients send (UUIDs, ULIDs, trace ids); nothing that could forge a line or fill a disk.
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Characters of what a client may make as long as it likes.
_LONGEST = 256
# Asked every few seconds; only an answer other than "well" is news.
_QUIET = {"livez", "readyz", "healthz", settings.METRICS_PATH}


class RequestIDMiddleware:
    """Give every request an id, which its log lines, its answer and the tasks that it starts carry."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        incoming = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = incoming if _SANE_ID.fullmatch(incoming) else token_hex(16)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        started = perf_counter()
        response = self.get_response(request)
        if not hasattr(request, "is_on_record"):
            # Another middleware has answered: a wrong host, a path without its slash.
            record(request, response, seconds=perf_counter() - started, meter=QueryMeter())
        response.headers[HEADER] = request_id
        return response


@receiver(request_finished)
def forget_request(**_kwargs: object) -> None:
    """The thread serves somebody else next. Not in the middleware: Django logs answers of 4xx and 5xx after it."""
    clear_contextvars()


class AccessLogMiddleware:
    """Write one line for each request, with what it cost."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        with QueryMeter() as meter:
            response = self.get_response(request)
        seconds = perf_counter() - started
        if not settings.PRODUCTION:
            # There it would take the network's noise out of attacks that measure time.
            response.headers["X-Response-Time"] = f"{seconds * 1000:.1f}ms"
        record(request, response, seconds=seconds, meter=meter)
        request.is_on_record = True  # type: ignore[attr-defined]
        return response


def record(request: HttpRequest, response: HttpResponse, *, seconds: float, meter: QueryMeter) -> None:
    line = access_line(request, response, seconds=seconds, meter=meter)
    level = logging.WARNING if line["duration_ms"] >= settings.SLOW_REQUEST_MS else logging.INFO
    if line["route"] in _QUIET and response.status_code < 400:  # noqa: PLR2004
        level = logging.DEBUG
    logger.log(level, "request", extra=line)
    request_served.send(RequestIDMiddleware, line=line)


def access_line(request: HttpRequest, response: HttpResponse, *, seconds: float, meter: QueryMeter) -> dict[str, Any]:
    match = request.resolver_match
    return {
        "method": request.method,
        "path": request.path[:_LONGEST],
        "route": match.route if match else None,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "queries": meter.count,
        "query_ms": meter.ms,
        "user_id": _user_id(request),
        "client_ip": client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:_LONGEST],
    }


def _user_id(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and not hasattr(request, "_cached_user"):
        # Nobody asked who it is; to ask now would read the session, for the log's sake alone.
        return None
    return getattr(user, "pk", None)
