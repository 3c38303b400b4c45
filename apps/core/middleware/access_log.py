"""Writes one log record for each request, with what the request cost."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from apps.core.observability.query_meter import QueryMeter
from apps.core.signals import request_served
from apps.core.throttling.client_ip import client_ip

logger = logging.getLogger("django.info")

GetResponse = Callable[[HttpRequest], HttpResponse]
# Characters of values whose length the client decides.
_MAX_LENGTH = 256
# Probed every few seconds: only a failure is worth a record.
_PROBES = {"livez", "readyz", "healthz", settings.METRICS_PATH}


class AccessLogMiddleware:
    """The innermost middleware: it measures the view alone, and knows which user the view has authenticated."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        with QueryMeter() as meter:
            response = self.get_response(request)
        seconds = perf_counter() - started
        if not settings.PRODUCTION:
            # Not in production: it would take the network's noise out of timing attacks.
            response.headers["X-Response-Time"] = f"{seconds * 1000:.1f}ms"
        record(request, response, seconds=seconds, meter=meter)
        request.is_on_record = True  # type: ignore[attr-defined]
        return response


def record(request: HttpRequest, response: HttpResponse, *, seconds: float, meter: QueryMeter) -> None:
    line = access_line(request, response, seconds=seconds, meter=meter)
    level = logging.WARNING if line["duration_ms"] >= settings.SLOW_REQUEST_MS else logging.INFO
    if is_probe(line["route"]) and response.status_code < 400:  # noqa: PLR2004
        level = logging.DEBUG
    logger.log(level, "request", extra=line)
    request_served.send(AccessLogMiddleware, line=line)


def is_probe(route: str | None) -> bool:
    """Return whether a route is asked for again and again: health, or a page of development that stays open."""
    return route in _PROBES or (settings.DEVELOPMENT and str(route).startswith("dev/"))


def access_line(request: HttpRequest, response: HttpResponse, *, seconds: float, meter: QueryMeter) -> dict[str, Any]:
    match = request.resolver_match
    return {
        "method": request.method,
        "path": request.path[:_MAX_LENGTH],
        "route": match.route if match else None,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "queries": meter.count,
        "query_ms": meter.ms,
        "user_id": _user_id(request),
        "client_ip": client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:_MAX_LENGTH],
    }


def _user_id(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and not hasattr(request, "_cached_user"):
        # The view did not ask for the user. To ask now would read the session for the log alone.
        return None
    return getattr(user, "pk", None)
