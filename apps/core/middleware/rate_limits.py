"""Tells clients how much of their limits is left."""

import math
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.throttling.limiter import Decision


class RateLimitMiddleware:
    """Add the fields RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        decision: Decision | None = getattr(request, "rate_limits", None)
        if decision and decision.states:
            for name, value in rate_limit_fields(decision).items():
                response.headers[name] = value
        return response


def rate_limit_fields(decision: Decision) -> dict[str, str]:
    named = [(state, state.limit.key.partition(":")[0]) for state in decision.states]
    return {
        "RateLimit-Policy": ", ".join(f'"{name}";q={s.limit.requests};w={s.limit.seconds}' for s, name in named),
        "RateLimit": ", ".join(f'"{name}";r={s.remaining};t={math.ceil(s.reset)}' for s, name in named),
    }
