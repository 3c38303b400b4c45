"""The sign of life of a program without a port: the file HEALTH_FILE, which its main loop touches.

Its age is what a container's health command looks at (conf/roles.py). A loop that hangs does not touch it; one that
waits for Redis or Postgres does, since another start would not help.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

VARIABLE = "HEALTH_FILE"
INTERVAL_SECONDS = 5.0

_next = 0.0


def show() -> None:
    """Touch the file, if there is to be one, at most once in INTERVAL_SECONDS."""
    global _next  # noqa: PLW0603 - one file for each process
    file = os.environ.get(VARIABLE)
    if not file or monotonic() < _next:
        return
    _next = monotonic() + INTERVAL_SECONDS
    # A full disk must not end what works otherwise.
    with suppress(OSError):
        Path(file).touch(mode=0o600)
