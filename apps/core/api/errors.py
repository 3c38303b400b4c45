"""The envelope of every error of the API: {"type": ..., "errors": [{"code", "detail", "attr"}]}."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors.handler import ExceptionHandler as StandardHandler
from kombu.exceptions import OperationalError as BrokerError
from rest_framework import exceptions
from rest_framework.fields import get_error_detail

from apps.core.api.exceptions import MalformedRequestError, PayloadTooLarge, ServiceUnavailable
from apps.core.postgres.outages import is_outage

View = Callable[..., HttpResponseBase]


class ExceptionHandler(StandardHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, BrokerError) or is_outage(exc):
            return ServiceUnavailable()
        if isinstance(exc, RequestDataTooBig):
            return PayloadTooLarge()
        if isinstance(exc, SuspiciousOperation):
            return exceptions.ParseError()
        if isinstance(exc, ValidationError):
            # A service refuses what the client has to correct.
            return exceptions.ValidationError(get_error_detail(exc))
        return super().convert_known_exceptions(exc)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if isinstance(exception, RequestDataTooBig):
        return payload_too_large(request)
    if not is_for_api(request):
        return defaults.bad_request(request, exception)
    # Only our own text: Django's exceptions may repeat what was sent.
    detail = str(exception) if isinstance(exception, MalformedRequestError) else "Malformed request."
    return envelope(400, "parse_error", detail)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not is_for_api(request):
        return defaults.permission_denied(request, exception)
    return envelope(403, "permission_denied", "You do not have permission to perform this action.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if not is_for_api(request):
        return defaults.page_not_found(request, exception or Exception())
    return envelope(404, "not_found", "There is nothing here. Paths of the API end with a slash.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not is_for_api(request):
        return defaults.server_error(request)
    return envelope(500, "error", "Server Error (500)", error_type="server_error")


def payload_too_large(request: HttpRequest) -> HttpResponseBase:
    return respond(request, PayloadTooLarge.status_code, PayloadTooLarge.default_code, PayloadTooLarge.default_detail)


def respond(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponseBase:
    """Respond with the envelope below /api/, and with the plain sentence elsewhere."""
    if is_for_api(request):
        return envelope(status, code, detail)
    return HttpResponse(detail, content_type="text/plain; charset=utf-8", status=status)


def read_only(view: View) -> View:
    """Respond to other methods than GET and HEAD with 405 in the envelope, before the CSRF check."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            return view(request, *args, **kwargs)
        response = envelope(405, "method_not_allowed", f'Method "{request.method}" not allowed.')
        response.headers["Allow"] = "GET, HEAD"
        return response

    return wrapped


def is_for_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def envelope(status: int, code: str, detail: str, *, error_type: str = "client_error") -> JsonResponse:
    error: dict[str, Any] = {"code": code, "detail": detail, "attr": None}
    return JsonResponse({"type": error_type, "errors": [error]}, status=status)
