"""The project's middleware, in the order of MIDDLEWARE in conf/settings."""

from apps.core.middleware.access_log import AccessLogMiddleware
from apps.core.middleware.content_security import PagesCSPMiddleware
from apps.core.middleware.probe_host import ProbeHostMiddleware
from apps.core.middleware.rate_limits import RateLimitMiddleware
from apps.core.middleware.request_bodies import UnsizedBodyMiddleware
from apps.core.middleware.request_id import RequestIDMiddleware
from apps.core.middleware.request_text import StorableTextMiddleware

__all__ = [
    "AccessLogMiddleware",
    "PagesCSPMiddleware",
    "ProbeHostMiddleware",
    "RateLimitMiddleware",
    "RequestIDMiddleware",
    "StorableTextMiddleware",
    "UnsizedBodyMiddleware",
]
