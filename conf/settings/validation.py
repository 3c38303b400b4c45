"""Values of settings that would fail only later: at a request, at night, or never.

Not every server runs Django's checks when it starts, so values that cannot work are refused when the settings are read.
Values that work and would hurt are system checks (apps/core/checks).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from apps.core.throttling.rates import parse_rate

_LEAST = {
    "NUM_PROXIES": 0,
    "SECURE_HSTS_SECONDS": 0,
    "SLOW_QUERY_MS": 0,
    "SLOW_REQUEST_MS": 0,
    "TASK_TIME_LIMIT": 1,
    "TASK_VISIBILITY_TIMEOUT": 1,
    "TASK_SHUTDOWN_TIMEOUT": 0,
}
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"[A-Za-z0-9_.~/-]*")
_LAST_PORT = 65535


def problems(settings: Mapping[str, Any], *, rates: Mapping[str, str], ports: Mapping[str, int]) -> list[str]:
    """Return what is wrong, by the name of the variable and without its value."""
    return [
        *_numbers(settings),
        *(f"{name} must be a port, 1 to {_LAST_PORT}" for name, port in ports.items() if not 0 < port <= _LAST_PORT),
        *_texts(settings),
        *_rates(rates, settings["REST_FRAMEWORK"]["DEFAULT_THROTTLE_RATES"]),
    ]


def _numbers(settings: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} must be at least {least}" for name, least in _LEAST.items() if settings[name] < least)


def _texts(settings: Mapping[str, Any]) -> Iterator[str]:
    if not all(map(_HOST.fullmatch, settings["ALLOWED_HOSTS"])):
        yield "ALLOWED_HOSTS must be names or addresses of hosts, without scheme and port"
    for name in ("CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS"):
        if not all(map(_is_origin, settings[name])):
            yield f"{name} must be origins such as https://app.example.com, without a path"
    yield from (f"{name} must be a path of A-Z a-z 0-9 _ . ~ - and /" for name in _paths(settings))
    sender = settings["DEFAULT_FROM_EMAIL"]
    if "@" not in sender or not sender.isprintable():
        yield "DEFAULT_FROM_EMAIL must be an address such as noreply@example.com"


def _paths(settings: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in ("ADMIN_URL", "METRICS_PATH") if not _PATH.fullmatch(settings[name]))


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, rest = parts.hostname or "", parts.path or parts.query or parts.fragment or parts.username
        bracketed = f"[{host}]" if ":" in host else host
        return parts.scheme in {"http", "https"} and not rest and parts.port != 0 and bool(_host(bracketed))
    except ValueError:
        return False


def _host(text: str) -> Any:
    # In the name of an origin, Django takes a * for any subdomain.
    return _HOST.fullmatch(text.removeprefix("*."))


def _rates(known: Mapping[str, str], found: Mapping[str, Any]) -> Iterator[str]:
    if set(found) - set(known):
        yield f"THROTTLE_RATES must name scopes that there are: {', '.join(known)}"
    if wrong := [scope for scope, rate in found.items() if not _is_rate(str(rate))]:
        form = "scope=requests/period, as in login=10/m (s, m, h, d)"
        yield f"THROTTLE_RATES must be {form}, which {', '.join(wrong)} is not"


def _is_rate(text: str) -> bool:
    try:
        parse_rate(text)
    except ValueError:
        return False
    return True
