"""Validates the settings before anything is started or stopped, and only when they have changed."""

import os
import subprocess
import sys

from checkout import paths
from stack.errors import StackError
from stack.settings import overrides

# In a process of its own, since the stack does not import Django. Other errors are shown when the code runs.
_CODE = """
from django.core.exceptions import ImproperlyConfigured
try:
    import conf.settings
except ImproperlyConfigured as error:
    print(error)
"""


def require() -> None:
    """Raise StackError with the line of .env and the reason for an invalid setting."""
    fingerprint = overrides.fingerprint()
    if _is_checked(fingerprint):
        return
    if said := problem():
        raise StackError(f"{said} Nothing was started or stopped.")
    paths.CHECKED_SETTINGS.write_text(fingerprint)


def new_problem() -> str:
    """Return what is wrong with settings that have changed since they were checked: no program has taken them."""
    return "" if _is_checked(overrides.fingerprint()) else problem()


def _is_checked(fingerprint: str) -> bool:
    return paths.CHECKED_SETTINGS.is_file() and paths.CHECKED_SETTINGS.read_text() == fingerprint


def problem() -> str:
    """Return Django's message about an invalid setting; empty if all are valid."""
    command, given = [sys.executable, "-c", _CODE], overrides.current() | dict(os.environ)
    done = subprocess.run(command, cwd=paths.ROOT, env=given, capture_output=True, text=True, check=False)
    return done.stdout.strip()
