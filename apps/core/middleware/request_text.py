"""Refuses requests with characters that Postgres cannot store (see apps/core/text.py), whatever their view."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponseBase
from django.http.multipartparser import MultiPartParserError

from apps.core.api import errors
from apps.core.api.exceptions import MalformedRequestError
from apps.core.text import is_storable

GetResponse = Callable[[HttpRequest], HttpResponseBase]
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class StorableTextMiddleware:
    """Respond with 400 if the path, the query, a header, a cookie or a form has such a character.

    Decoded values are checked: a cookie spells NUL as an octal escape. JSON bodies are checked by the parser
    (apps/core/api/parsers.py).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Whatever charset the body claims: Django would decode the query with it, too, and some charsets produce such
        # characters from harmless ones.
        if request.encoding:
            request.encoding = "utf-8"
        try:
            _check(request)
        except (BadRequest, MultiPartParserError, SuspiciousOperation) as error:
            return errors.bad_request(request, error)
        return self.get_response(request)


def _check(request: HttpRequest) -> None:
    for part, texts in _parts(request):
        # One search is quicker than one for each text.
        if not is_storable("".join(texts)):
            raise MalformedRequestError(f"{part} with a character that no text may have: NUL, or half of a pair.")


def _parts(request: HttpRequest) -> Iterator[tuple[str, Iterable[str]]]:
    yield "Path", (request.path, request.path_info)
    if request.META.get("QUERY_STRING"):
        yield "Query", _of(request.GET)
    yield "Headers", [str(value) for name, value in request.META.items() if name.startswith(("HTTP_", "CONTENT_"))]
    if "HTTP_COOKIE" in request.META:
        yield "Cookies", (text for pair in request.COOKIES.items() for text in pair)
    # The API accepts no forms. If an app does, the fields of its serializers refuse the characters.
    if request.content_type in _FORMS and not errors.is_for_api(request):
        yield "Form", _of(request.POST)


def _of(values: Any) -> Iterator[str]:
    return (text for name, found in values.lists() for text in (name, *found))
