"""JSON as RFC 8259 has it and nothing beyond, for what is read leniently is read differently by somebody else."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import parsers, renderers
from rest_framework.exceptions import ParseError
from rest_framework.utils.json import strict_constant

from apps.core.exceptions import PayloadTooLarge


class JSONParser(parsers.JSONParser):
    """UTF-8 whatever the header says; no repeated name, no depth or size that would cost us."""

    renderer_class = renderers.JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        # The framework reads past Django's own limit.
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=strict_constant, object_pairs_hook=_object)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found
