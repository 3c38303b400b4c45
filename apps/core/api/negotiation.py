"""Content negotiation that knows its answer where there is no choice."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

_ANY = frozenset({"*/*", "application/json", "application/json, */*", "application/json, text/plain, */*"})


class ContentNegotiation(DefaultContentNegotiation):
    """Take the only renderer of a view for clients that accept JSON or anything. Others are treated as usual."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        meta = request._request.META  # noqa: SLF001 - the public attribute goes through __getattr__
        if (
            len(renderers) == 1
            and not format_suffix
            and renderers[0].media_type == "application/json"
            and meta.get("HTTP_ACCEPT", "*/*") in _ANY
            # `?format=` chooses a renderer, too.
            and not meta.get("QUERY_STRING")
        ):
            return renderers[0], "application/json"
        return super().select_renderer(request, renderers, format_suffix)
