"""Which packages the programs were started with: a changed uv.lock takes effect with the next start alone."""

import hashlib
from contextlib import suppress

from conf import local

_LOCK = local.ROOT / "uv.lock"
_STARTED_WITH = local.STATE / "started-with.lock"


def _fingerprint() -> str:
    return hashlib.sha256(_LOCK.read_bytes()).hexdigest() if _LOCK.is_file() else ""


def note() -> None:
    """Write down what the API starts with."""
    with suppress(OSError):
        _STARTED_WITH.write_text(_fingerprint())


def has_changed() -> bool:
    """Say whether uv.lock is another one since the API was started."""
    return _STARTED_WITH.is_file() and _STARTED_WITH.read_text() != _fingerprint()
