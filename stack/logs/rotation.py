"""Bounds the log files of development by size: in one place, for processes that rotate a shared file lose lines.

The programs' own logs are supervisord's to rotate; these are the files by kind (LOG_DIR), which notice it.
"""

from contextlib import suppress
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.settings import environment

# Bytes of a file, of which one older one is kept.
MOST = 10_000_000


def directory() -> Path | None:
    """Return where development stores lines by kind; None where it is told not to."""
    chosen = environment.setting_or("LOG_DIR", str(paths.LOGS_BY_KIND))
    return (paths.ROOT / chosen).resolve() if chosen else None


def rotate(most: int = MOST) -> None:
    """Put files aside that are too large, if they are below the state: what lies elsewhere is somebody else's job."""
    try:
        found = directory()
    except StackError:
        # A .env that cannot be read is reported by whoever takes settings from it.
        return
    if found is None or not found.is_relative_to(paths.STATE.resolve()):
        return
    for path in found.glob("*.log"):
        with suppress(OSError):
            if path.stat().st_size > most:
                path.replace(path.with_name(f"{path.name}.1"))
