from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from apps.core.api.errors import read_only

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def is_allowed(authorization: str) -> bool:
    """Return whether the header has the token: how much goes on here is nobody else's business."""
    return compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


@never_cache
@read_only
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever has the token."""
    if not is_allowed(request.headers.get("Authorization", "")):
        return HttpResponse("The token is missing or wrong.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    # Only now: the library decides where it counts when it is imported, and who serves requests has decided.
    from apps.core.observability.metrics.exposition import exposition  # noqa: PLC0415

    return HttpResponse(exposition(), content_type=CONTENT_TYPE)
