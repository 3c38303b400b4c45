"""Values of settings that would fail only later: at a request, at night, or never.

Not every server runs Django's checks when it starts, so values that cannot work are refused when the settings are read.
Values that work and would hurt are system checks (apps/core/checks).
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apps.core.throttling.rates import parse_rate

_LEAST = {
    "NUM_PROXIES": 0,
    "SECURE_HSTS_SECONDS": 0,
    "MIGRATE_LOCK_TIMEOUT": 0,
    "SLOW_QUERY_MS": 0,
    "SLOW_REQUEST_MS": 0,
    "TASK_TIME_LIMIT": 1,
    "TASK_VISIBILITY_TIMEOUT": 1,
    "TASK_SHUTDOWN_TIMEOUT": 0,
    "WEB_CONCURRENCY": 1,
    "WEB_THREADS": 1,
    "WEB_KEEPALIVE": 1,
    "SHUTDOWN_DELAY": 0,
}
# Above these a value is a mistake, mostly of milliseconds for seconds, which nothing would tell: a server that never
# ends, workers that are healthy for hours after their death, requests that wait behind a migration.
_MOST = {
    "NUM_PROXIES": 20,
    "SECURE_HSTS_SECONDS": 10 * 366 * 86_400,
    "MIGRATE_LOCK_TIMEOUT": 3600,
    "TASK_TIME_LIMIT": 31 * 86_400,
    "TASK_VISIBILITY_TIMEOUT": 62 * 86_400,
    "TASK_SHUTDOWN_TIMEOUT": 3600,
    "TASK_HEARTBEAT": 3600,
    "WEB_CONCURRENCY": 256,
    "WEB_THREADS": 256,
    "WEB_KEEPALIVE": 7200,
    "SHUTDOWN_DELAY": 600,
}
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
# An address, or a name with an address: Example <noreply@example.com>.
_SENDER = re.compile(r"""(?:[^<>@,]*<)?[^\s@,<>'"]+@([^\s@,<>'"]+)>?""")
_PATH = re.compile(r"[A-Za-z0-9_.~/-]*")
_LAST_PORT = 65535


def problems(
    settings: Mapping[str, Any], *, rates: Mapping[str, str], ports: Mapping[str, int], web: Mapping[str, int]
) -> list[str]:
    """Return what is wrong, by the name of the variable and without its value."""
    return [
        *_numbers({**settings, **web}),
        *(f"{name} must be a port, 1 to {_LAST_PORT}" for name, port in ports.items() if not 0 < port <= _LAST_PORT),
        *_texts(settings),
        *_rates(rates, settings["REST_FRAMEWORK"]["DEFAULT_THROTTLE_RATES"]),
    ]


def _numbers(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} must be at least {least}" for name, least in _LEAST.items() if settings[name] < least)
    yield from (f"{name} must be at most {most}" for name, most in _MOST.items() if settings[name] > most)


def _texts(settings: Mapping[str, Any]) -> Iterator[str]:
    if not all(map(_HOST.fullmatch, settings["ALLOWED_HOSTS"])):
        yield "ALLOWED_HOSTS must be names or addresses of hosts, without scheme and port"
    for name in ("CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS"):
        if not all(map(_is_origin, settings[name])):
            yield f"{name} must be origins such as https://app.example.com, without a path"
    if settings["LOG_DIR"] and not _can_be_made(settings["LOG_DIR"]):
        # The first record would end the process.
        yield "LOG_DIR must be a directory that can be written"
    if _is_taken(settings["METRICS_PATH"], settings["ADMIN_URL"]):
        yield "METRICS_PATH must be a path of its own, besides those of the probes, the admin and the API"
    yield from (f"{name} must be a path of A-Z a-z 0-9 _ . ~ - and /" for name in _paths(settings))
    if settings["FRONTEND_URL"] and not _is_page(settings["FRONTEND_URL"]):
        yield "FRONTEND_URL must be like https://app.example.com"
    if not _is_sender(settings["DEFAULT_FROM_EMAIL"]):
        yield "DEFAULT_FROM_EMAIL must be an address such as noreply@example.com"


def _can_be_made(directory: Path) -> bool:
    nearest = next(each for each in (directory, *directory.parents) if each.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _is_taken(metrics: str, admin: str) -> bool:
    # Without the token the metrics answer 401, which kills what is asked by a probe.
    return metrics in {"", "livez", "readyz", "healthz", admin.strip("/")} or metrics.startswith("api/")


def _is_page(text: str) -> bool:
    """Return whether it is an origin, with a path or not."""
    scheme, _, rest = text.partition("://")
    return text.isprintable() and not set(text) & set("?# ") and _is_origin(f"{scheme}://{rest.partition('/')[0]}")


def _is_sender(text: str) -> bool:
    found = _SENDER.fullmatch(text)
    return found is not None and text.isprintable() and bool(_HOST.fullmatch(found[1]))


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
