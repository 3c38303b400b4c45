"""How a server starts: with settings that are understood, or with one line that says which are not."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# What a process of gunicorn ends with to say that another one would fare no better.
_NO_USE = 3


def read_settings() -> None:
    """Read them, or end the process."""
    # Ours, whatever another project has exported.
    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    try:
        settings.ENVIRONMENT  # noqa: B018 - it is read by being asked for
    except ImproperlyConfigured as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - logging is one of the settings
        sys.exit(_NO_USE)
