"""Shows what the background does: `just tasks`."""

import time
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
        while True:
            page = "\n".join(overview())
            self.stdout.write(_CLEAR + page if options["watch"] else page)
            if not options["watch"]:
                return
            # A Postgres that restarts meanwhile is met with a new connection.
            connection.close()
            time.sleep(_PAUSE)
