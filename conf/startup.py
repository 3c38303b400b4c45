"""How a server starts: invalid settings end it with one line, and what it imported is not collected again and again."""

import gc
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# By default Python looks for garbage hundreds of times while it imports, which takes a fifth of the time of a start.
_WHILE_IMPORTING = 50_000
# Afterwards as always: rare collections are long ones, and some requests would wait for them.
_WHILE_SERVING = gc.get_threshold()
# With this exit status of a worker gunicorn gives up, since another worker would fail as well.
_DO_NOT_RESTART = 3


def read_settings() -> None:
    """Read the settings. Ends the process with a message if they are invalid."""
    gc.set_threshold(_WHILE_IMPORTING)
    # Another project may have exported its own.
    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    try:
        settings.ENVIRONMENT  # noqa: B018 - an access reads them
    except ImproperlyConfigured as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - logging is one of the settings
        sys.exit(_DO_NOT_RESTART)


def keep_what_is_imported() -> None:
    """Exempt all objects that exist from garbage collection, when the server has started.

    They stay anyway: a collection need not visit them, and does not make forked processes copy their pages.
    """
    gc.freeze()
    gc.set_threshold(*_WHILE_SERVING)
