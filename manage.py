#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

if __name__ == "__main__":
    # Ours, whatever another project has exported.
    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Whoever types Ctrl-C knows why the command ends. The status is the shell's for it.
        sys.exit(130)
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        first = str(error).strip().partition("\n")[0]
        sys.exit(f"error: the database refused ({first}). If it does not run, type: just up. All of it: --traceback")
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        # Settings that are not understood are a matter of one line, not of a traceback.
        sys.exit(f"error: {error}")
