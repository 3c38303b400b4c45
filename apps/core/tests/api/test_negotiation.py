"""The fast answer of the content negotiation is the one that Django REST framework gives."""

import pytest
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core.api.negotiation import ContentNegotiation


def answers(accept: str | None, renderers: list[type], query: str = "") -> list[object]:
    headers = {} if accept is None else {"accept": accept}
    request = Request(APIRequestFactory().get(f"/{query}", headers=headers))
    found: list[object] = []
    for negotiation in (ContentNegotiation(), DefaultContentNegotiation()):
        made = [renderer() for renderer in renderers]
        try:
            renderer, media_type = negotiation.select_renderer(request, made)
        except NotAcceptable as error:
            found.append(type(error))
        else:
            found.append((type(renderer), media_type))
    return found


@pytest.mark.parametrize(
    "accept",
    [
        None, "*/*", "application/json", "application/*", "text/html", "application/json; indent=4",
        "application/json, */*", "application/json, text/plain, */*", "text/html, */*;q=0.1", "application/xml", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("renderers", [[JSONRenderer], [JSONRenderer, BrowsableAPIRenderer]])
def test_it_answers_as_usual(accept: str | None, renderers: list[type]) -> None:
    fast, usual = answers(accept, renderers)
    assert fast == usual


def test_a_format_in_the_query_counts() -> None:
    for query in ("?format=json", "?page=2"):
        fast, usual = answers("*/*", [JSONRenderer], query)
        assert fast == usual
