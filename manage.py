#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # Ours, whatever another project has exported.
    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Whoever types Ctrl-C knows why the command ends. The status is the shell's for it.
        sys.exit(130)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        # Settings that are not understood are a matter of one line, not of a traceback.
        sys.exit(f"error: {error}")
