"""Reads the settings when a server starts; invalid ones end it with one line."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# With this exit status of a worker gunicorn gives up, since another worker would fail as well.
_DO_NOT_RESTART = 3


def read_settings() -> None:
    """Read the settings. Ends the process with a message if they are invalid."""
    # Another project may have exported its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    try:
        settings.ENVIRONMENT  # noqa: B018 - an access reads them
    except ImproperlyConfigured as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - logging is one of the settings
        sys.exit(_DO_NOT_RESTART)
