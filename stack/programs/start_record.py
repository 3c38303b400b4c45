"""Records the settings and packages with which each program was started. Changes take effect at its next start."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress

from checkout import paths
from stack.programs.table import PROGRAMS
from stack.settings import overrides


def write(name: str) -> None:
    """Record what a program starts with. A full disk does not keep it from starting."""
    with suppress(OSError):
        paths.start_record(name).write_text(json.dumps(_current(name)))


def changed(names: Iterable[str]) -> list[str]:
    """Return the programs whose settings have changed since they were started."""
    return [name for name in names if _recorded(name, "settings") not in ("", _current(name)["settings"])]


def packages_have_changed() -> bool:
    """Return whether uv.lock has changed since the API was started."""
    return _recorded("web", "packages") not in ("", _current("web")["packages"])


def _current(name: str) -> dict[str, str]:
    lock = paths.LOCK_FILE.read_bytes() if paths.LOCK_FILE.is_file() else b""
    settings = overrides.fingerprint(PROGRAMS[name].settings if name in PROGRAMS else None)
    return {"settings": settings, "packages": hashlib.sha256(lock).hexdigest()}


def _recorded(name: str, what: str) -> str:
    try:
        return str(json.loads(paths.start_record(name).read_text())[what])
    except (OSError, ValueError, LookupError, TypeError):
        return ""
