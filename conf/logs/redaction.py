"""Removes secrets from values before they are logged, and limits values to what JSON can express.

Secrets are recognized by the name of their key, and by their form anywhere in a text: a message, a URL, a traceback.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"
# Characters of one value; longer ones lose their middle. A record then fits into a pipe in one piece.
LONGEST = 8000
_DEEPEST = 8

_SECRET_KEY = re.compile(
    r"passw|pwd|token|secret|authorization|cookie|sessionid|api[_-]?key|credential|dsn", re.IGNORECASE
)
# None matches in the middle of a word: otherwise a long word would take quadratic time.
_SHAPES = (
    # The password of a URL, whatever the scheme.
    (re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@"), rf"\1:{REDACTED}@"),
    # name=value, name: value, "name": "value"; also in a query, a cookie, a header.
    (
        re.compile(
            r"""(?i)((?:passw(?:or)?d\w?|pwd|secret(?:_key)?|token|authorization|cookie|sessionid|csrftoken|api[_-]?key)"""
            r"""["']?\s*[=:]\s*)(?:(?:bearer|basic|token)\s+\S+|"[^"]*"|'[^']*'|[^\s"'&,;}\])]+)"""
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{16,}"), rf"\1 {REDACTED}"),
    # Hashed passwords, as Django stores them.
    (re.compile(r"\b(argon2|pbkdf2_\w+|bcrypt\w*|scrypt|md5)\$[^\s\"']+"), rf"\1${REDACTED}"),
    # Knox tokens, JSON web tokens, what Django signs, links that reset a password.
    (re.compile(r"\b[0-9a-f]{64}\b"), REDACTED),
    (re.compile(r"(?<![\w-])eyJ[\w-]++\.[\w-]++\.[\w-]++"), REDACTED),
    (re.compile(r"(?<![\w=-])[\w=-]++:[0-9A-Za-z]{6}:[\w-]{43}\b"), REDACTED),
    (re.compile(r"\b[0-9a-z]{6,7}-[0-9a-f]{32}\b"), REDACTED),
)
# Without any of these, and without a long word, there is no secret.
_HINTS = (
    *("passw", "pwd", "secret", "token", "authoriz", "cookie", "sessionid", "apikey", "api_key", "api-key"),
    *("credential", "dsn", "bearer", "basic", "://", "$", "eyj"),
)
_LONG = re.compile(r"(?<![0-9A-Za-z_-])[0-9A-Za-z_-]{39}")


def redact(value: Any, *, depth: int = 0) -> Any:
    """Return the value without secrets at any depth, in types that JSON can express."""
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return redact_mapping(value, depth=depth + 1)
        if isinstance(value, list | tuple | set | frozenset):
            return _redact_items(value, depth=depth + 1)
    return redact_text(_text(value))


def redact_mapping(mapping: Mapping[Any, Any], *, depth: int = 0) -> dict[str, Any]:
    return {
        str(key): REDACTED if is_secret(str(key)) and value is not None else redact(value, depth=depth)
        for key, value in mapping.items()
    }


def _redact_items(items: Iterable[Any], *, depth: int) -> list[Any]:
    return [redact(item, depth=depth) for item in items]


def redact_text(text: str) -> str:
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
    if not may_hold_secrets(text):
        return text
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def may_hold_secrets(text: str) -> bool:
    """Return whether a closer look is worthwhile."""
    lower = text.lower()
    return any(map(lower.__contains__, _HINTS)) or bool(_LONG.search(text))


@lru_cache(maxsize=1024)
def is_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a value without a text must not cost the record
        return f"<{type(value).__name__}>"
