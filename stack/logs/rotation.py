"""Rotates the log files by kind (LOG_DIR) of development.

In one place, since processes that rotate a shared file lose records. supervisord rotates the logs of the programs.
"""

from contextlib import suppress
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.settings import environment

# Bytes of a file; one older file is kept.
MAX_BYTES = 10_000_000


def directory() -> Path | None:
    """Return the directory of the files by kind; None if LOG_DIR is empty."""
    chosen = environment.setting_or("LOG_DIR", str(paths.LOGS_BY_KIND))
    return (paths.ROOT / chosen).resolve() if chosen else None


def rotate(max_bytes: int = MAX_BYTES) -> None:
    """Rotate files that are too large, if they are below the state directory. Others are not ours."""
    try:
        found = directory()
    except StackError:
        # Whoever reads settings from .env reports that it is invalid.
        return
    if found is None or not found.is_relative_to(paths.STATE.resolve()):
        return
    for path in found.glob("*.log"):
        with suppress(OSError):
            if path.stat().st_size > max_bytes:
                path.replace(path.with_name(f"{path.name}.1"))
