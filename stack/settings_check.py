"""Are the settings understood? Asked before anything is started or stopped, and only when they have changed."""

import os
import subprocess
import sys

from conf import local
from stack import environment
from stack.errors import StackError

_CHECKED = local.STATE / "settings.checked"
# In a process of its own: the stack knows no Django. Other errors are the code's, and shown where the code runs.
_CODE = """
from django.core.exceptions import ImproperlyConfigured
try:
    import conf.settings
except ImproperlyConfigured as error:
    print(error)
"""


def require() -> None:
    """Raise StackError, with the line of .env and the reason, for a setting that is not understood."""
    fingerprint = environment.fingerprint()
    if _CHECKED.is_file() and _CHECKED.read_text() == fingerprint:
        return
    if said := problem():
        raise StackError(f"{said} Nothing was started or stopped.")
    _CHECKED.write_text(fingerprint)


def problem() -> str:
    """Return what Django says of a setting that it does not understand; empty where it understands all."""
    command, given = [sys.executable, "-c", _CODE], environment.given() | dict(os.environ)
    done = subprocess.run(command, cwd=local.ROOT, env=given, capture_output=True, text=True, check=False)
    return done.stdout.strip()
