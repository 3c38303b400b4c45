"""Code that cannot be imported: said within seconds, not when the time for a start is over."""

import subprocess
import sys
import time
from collections.abc import Callable

from checkout import paths
from stack.errors import StackError

# Seconds that a start takes where nothing is wrong.
_PATIENCE = 3.0
_LINES = 25


def or_failed(failed: Callable[[], str]) -> Callable[[], str]:
    """Return a check that also looks, once, whether the code can be imported, when a start takes long.

    It raises StackError with the exception where it cannot.
    """
    began = time.monotonic()
    asked = False

    def check() -> str:
        nonlocal asked
        culprit = failed()
        if not asked and (culprit or time.monotonic() - began > _PATIENCE):
            asked = True
            require_importable()
        return culprit

    return check


def require_importable() -> None:
    """Raise StackError with the last lines of what Django says of the code, where it cannot load it."""
    # All of it, urls and tasks included: the system checks import them.
    command = [sys.executable, "manage.py", "check"]
    try:
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        return
    if done.returncode:
        last = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-_LINES:])
        raise StackError(f"the code cannot be loaded. Correct it, then: just up. Django says:\n{last}")
