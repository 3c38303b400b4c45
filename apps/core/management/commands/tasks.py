"""Shows what the background does: `just tasks`."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from apps.core.monitor import overview

_CLEAR = "\x1b[H\x1b[2J"
_PAUSE = 2


class Command(BaseCommand):
    help = "Show queues, running tasks, schedules (UTC), and what failed in the last hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="show it again every two seconds, until Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        # Leaving what one was watching is no error.
        with suppress(KeyboardInterrupt):
            self._show(options)

    def _show(self, options: Any) -> None:
        while True:
            page = "\n".join(self._styled(overview()))
            self.stdout.write(_CLEAR + page if options["watch"] else page)
            # Into a pipe, too, as it comes.
            self.stdout.flush()
            if not options["watch"]:
                return
            # A Postgres that restarts meanwhile is met with a new connection.
            connection.close()
            time.sleep(_PAUSE)

    def _styled(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines, in the colours of Django's commands: titles, and what has gone wrong."""
        if os.environ.get("NO_COLOR"):
            yield from lines
            return
        title = ""
        for line in lines:
            if not line.startswith(" "):
                title = line
                yield self.style.MIGRATE_HEADING(line)
            elif line.strip() != "none" and title.startswith(("failed", "put aside")):
                yield self.style.ERROR(line)
            else:
                yield line
