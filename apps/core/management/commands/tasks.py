"""Shows what the background does: `just tasks`."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from apps.core.background.overview import Section, overview
from checkout.console import console
from checkout.text import escape

_PAUSE = 2


class Command(BaseCommand):
    help = "Show queues, running tasks, schedules (UTC), and what failed in the last hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="as a JSON object of rows")
        parser.add_argument("--watch", action="store_true", help="show it again every two seconds, until Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._show(_console(options), options)
        except (RedisError, BrokerError) as error:
            raise CommandError(f"The queue does not answer ({error}). Start it: just up") from error
        except DatabaseError as error:
            raise CommandError(f"Postgres does not answer ({error}). Start it, and migrate: just up") from error

    def _show(self, terminal: Console, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({section.title: section.rows for section in overview()}, indent=1))
        elif not options["watch"]:
            self._print(terminal, _page(overview()))
        elif terminal.is_terminal:
            # What does not fit into the terminal is cut off at its end.
            with Live(console=terminal, auto_refresh=False, vertical_overflow="crop") as live:
                for page in _pages():
                    live.update(page, refresh=True)
        else:
            for page in _pages():
                self._print(terminal, page)

    def _print(self, terminal: Console, page: RenderableType) -> None:
        with terminal.capture() as captured:
            terminal.print(page)
        self.stdout.write("\n".join(line.rstrip() for line in captured.get().splitlines()))
        # Into a pipe, too, as it comes.
        self.stdout.flush()


def _console(options: dict[str, Any]) -> Console:
    if options.get("no_color") or options.get("force_color"):
        return console(colours=not options.get("no_color"))
    return console()


def _pages() -> Iterator[RenderableType]:
    while True:
        yield _page(overview())
        # A Postgres that restarts meanwhile is met with a new connection.
        connection.close()
        time.sleep(_PAUSE)


def _page(sections: Iterable[Section]) -> RenderableType:
    parts: list[RenderableType] = []
    for section in sections:
        parts += [Text(section.title, style="bold cyan"), _table(section)]
    return Group(*parts)


def _table(section: Section) -> RenderableType:
    if not section.rows:
        return Text("  none")
    style = "red" if section.alarming else ""
    # The first column stands out from the title.
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for row in section.rows:
        table.add_row("", *(Text(escape(cell), style=style, overflow="fold") for cell in row))
    return table
