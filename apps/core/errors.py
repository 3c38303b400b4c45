"""One envelope for every error that leaves the API: {"type": ..., "errors": [{"code", "detail", "attr"}]}."""

from typing import Any

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views import defaults
from drf_standardized_errors.handler import ExceptionHandler as StandardHandler
from kombu.exceptions import OperationalError as BrokerError
from rest_framework import exceptions
from rest_framework.fields import get_error_detail

from apps.core.exceptions import ServiceUnavailable


class ExceptionHandler(StandardHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, BrokerError):
            return ServiceUnavailable()
        if isinstance(exc, SuspiciousOperation):
            return exceptions.ParseError()
        if isinstance(exc, ValidationError):
            # What a service refuses is the client's to correct.
            return exceptions.ValidationError(get_error_detail(exc))
        return super().convert_known_exceptions(exc)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_for_api(request):
        return defaults.bad_request(request, exception)
    return _envelope(400, "bad_request", "Bad request.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_for_api(request):
        return defaults.permission_denied(request, exception)
    return _envelope(403, "permission_denied", "You do not have permission to perform this action.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    if not _is_for_api(request):
        return defaults.page_not_found(request, exception or Exception())
    return _envelope(404, "not_found", "There is nothing here. Paths of the API end with a slash.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not _is_for_api(request):
        return defaults.server_error(request)
    return _envelope(500, "error", "Server Error (500)", error_type="server_error")


def _is_for_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _envelope(code: int, name: str, detail: str, *, error_type: str = "client_error") -> JsonResponse:
    error: dict[str, Any] = {"code": name, "detail": detail, "attr": None}
    return JsonResponse({"type": error_type, "errors": [error]}, status=code)
