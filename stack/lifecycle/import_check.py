"""Reports code that cannot be imported within seconds, not when the start times out."""

import subprocess
import sys
import time
from collections.abc import Callable

from checkout import paths
from stack.errors import StackError

# A start without problems takes no longer than this.
_USUAL_SECONDS = 3.0
_LINES = 25


def or_failed(failed: Callable[[], str]) -> Callable[[], str]:
    """Return a check that also tries, once, to import the code when a start takes long.

    It raises StackError with the exception if that fails.
    """
    began = time.monotonic()
    asked = False

    def check() -> str:
        nonlocal asked
        culprit = failed()
        if not asked and (culprit or time.monotonic() - began > _USUAL_SECONDS):
            asked = True
            require_importable()
        return culprit

    return check


def require_importable() -> None:
    """Raise StackError with the last lines of Django's output if the code cannot be imported."""
    # All of it, urls and tasks included: the system checks import them.
    command = [sys.executable, "manage.py", "check"]
    try:
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        return
    if done.returncode:
        last = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-_LINES:])
        raise StackError(f"the code cannot be loaded. Correct it, then: just up. Django says:\n{last}")
