"""Bodies without Content-Length. Django reads as many bytes as that header says, hence none of them."""

from collections.abc import Callable
from io import SEEK_END, BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase

from apps.core.api import errors

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class UnsizedBodyMiddleware:
    """Read a chunked body, within the limit of all bodies, and set its length.

    If the server does not mark the end of such a body, it cannot be read: the response is 411.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get("CONTENT_LENGTH"):
            return self.get_response(request)
        if isinstance(request, ASGIRequest):
            # HTTP/2 has bodies without either header. The server has read all of it already.
            length = _length(request._stream)  # noqa: SLF001 - where Django has put the body
        elif request.META.get("HTTP_TRANSFER_ENCODING"):
            if not request.META.get("wsgi.input_terminated"):
                return errors.respond(request, 411, "length_required", "Send the body's length as Content-Length.")
            try:
                body = request.META["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            except Exception:  # noqa: BLE001 - each server has errors of its own for chunks that are malformed
                return errors.respond(request, 400, "parse_error", "The chunks of the body are malformed.")
            request._stream = BytesIO(body)  # noqa: SLF001 - what request.read() reads
            length = len(body)
        else:
            return self.get_response(request)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return errors.payload_too_large(request)
        request.META["CONTENT_LENGTH"] = str(length)
        return self.get_response(request)


def _length(file: Any) -> int:
    file.seek(0, SEEK_END)
    length = int(file.tell())
    file.seek(0)
    return length
