"""JSON according to RFC 8259 and nothing beyond: what one parser tolerates, another reads differently."""

import json
import re
from collections.abc import Iterator, Mapping
from math import isinf
from typing import Any

from django.conf import settings
from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError
from rest_framework.utils.json import strict_constant

from apps.core.api.exceptions import PayloadTooLarge
from apps.core.text import is_storable


class JSONParser(parsers.JSONParser):
    """Parse UTF-8, whatever the header says. Refuse repeated names, great depth or size, and unstorable text."""

    renderer_class = renderers.JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        # The framework ignores Django's own limit.
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        try:
            text = raw.decode("utf-8")
            data = json.loads(text, parse_constant=strict_constant, parse_float=_finite, object_pairs_hook=_object)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        # Only an escape can produce such characters.
        if _ESCAPES.search(text) and not all(map(is_storable, _texts(data))):
            raise ParseError("JSON parse error - text with NUL, or with half of a surrogate pair")
        return data


_ESCAPES = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def _texts(data: Any) -> Iterator[str]:
    """Yield every name and value that is text."""
    rest = [data]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            rest += [*value, *value.values()]
        elif isinstance(value, list):
            rest += value


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError("a number is out of range")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found
