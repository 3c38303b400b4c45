"""Which limits a request counts against."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from apps.core.client import client_ip
from apps.core.limiter import Limit, limiter

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger("django.security.throttle")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ScopesThrottle(BaseThrottle):
    """Hold the limits of "user" or "anonymous" and those that the view names, all in one round trip."""

    _wait: float = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        user, ip = request.user, client_ip(request)
        general, ident = ("user", str(user.pk)) if user and user.is_authenticated else ("anonymous", ip)
        scopes = [general, *getattr(view, "throttle_scopes", ())]
        self._wait = limiter().wait([_limit(scope, ident) for scope in scopes])
        if self._wait:
            logger.warning("Throttled", extra={"scopes": scopes, "client_ip": ip, "wait": round(self._wait, 1)})
        return not self._wait

    def wait(self) -> float:
        # Whole seconds, for that is what Retry-After can say.
        return math.ceil(self._wait)


def _limit(scope: str, ident: str) -> Limit:
    # Looked up at every call: tests, and whoever reloads settings, change rates.
    requests, period = parse_rate(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
    return Limit(f"{scope}:{ident}", requests, period)


def parse_rate(rate: str) -> tuple[int, int]:
    """Return requests and seconds of a rate such as "10/m"."""
    requests, _, period = rate.partition("/")
    return int(requests), _SECONDS[period[0]]
