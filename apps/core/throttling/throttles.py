"""Which limits a request counts against."""

from __future__ import annotations

import hashlib
import logging
import math
from typing import TYPE_CHECKING

from rest_framework.exceptions import Throttled
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from apps.core.throttling.client_ip import client_ip, network
from apps.core.throttling.limiter import Limit, limiter
from apps.core.throttling.rates import parse_rate

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger("django.security.throttle")


class ScopesThrottle(BaseThrottle):
    """Enforce the limit "user" or "anonymous" and those that the view names, all in one round trip."""

    _wait: float = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        user, ip = request.user, client_ip(request)
        general, ident = ("user", str(user.pk)) if user and user.is_authenticated else ("anonymous", network(ip))
        scopes = [general, *getattr(view, "throttle_scopes", ())]
        decision = limiter().take([limit_for(scope, ident) for scope in scopes])
        request._request.rate_limits = decision  # type: ignore[attr-defined] # noqa: SLF001 - for the middleware
        self._wait = decision.wait
        if self._wait:
            logger.warning("Throttled", extra={"scopes": scopes, "client_ip": ip, "wait": round(self._wait, 1)})
        return not self._wait

    def wait(self) -> float:
        # Retry-After takes whole seconds.
        return math.ceil(self._wait)


def limit_for(scope: str, ident: str) -> Limit:
    # Read at every call, since tests change rates.
    requests, period = parse_rate(str(api_settings.DEFAULT_THROTTLE_RATES[scope]))
    return Limit(f"{scope}:{ident}", requests, period)


def account_limit(scope: str, email: str) -> Limit:
    """Return a limit for an email address, whether or not it has an account. Redis stores a hash of it."""
    return limit_for(scope, hashlib.sha256(email.lower().encode()).hexdigest())


def enforce(limit: Limit) -> None:
    """Count one against the limit, or raise Throttled."""
    if wait := limiter().wait([limit]):
        logger.warning("Throttled", extra={"scopes": [limit.key.partition(":")[0]], "wait": round(wait, 1)})
        raise Throttled(math.ceil(wait))
