"""Gives every request an id, which its log records, its response and the tasks that it starts carry."""

import re
from secrets import token_hex
from time import perf_counter

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from apps.core.middleware.access_log import GetResponse, record
from apps.core.observability.query_meter import QueryMeter

HEADER = "X-Request-ID"
# What proxies and clients send (UUIDs, ULIDs, trace ids), and nothing that could forge a log line or fill a disk.
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIDMiddleware:
    """Bind the request's id to the log context. A valid X-Request-ID of the client is kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        incoming = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = incoming if _VALID_ID.fullmatch(incoming) else token_hex(16)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        started = perf_counter()
        response = self.get_response(request)
        if not hasattr(request, "is_on_record"):
            # A middleware above the access log has responded: a wrong host, a path without its slash.
            record(request, response, seconds=perf_counter() - started, meter=QueryMeter())
        response.headers[HEADER] = request_id
        return response


@receiver(request_finished)
def clear_log_context(**_kwargs: object) -> None:
    """Clear the context, since the thread serves another request next.

    Not in the middleware: Django logs responses of 4xx and 5xx after it.
    """
    clear_contextvars()
