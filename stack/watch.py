"""`just status --watch`: programs, memory, processors and queues, again and again."""

import sys
import time
from collections.abc import Iterator

from rich.console import Group
from rich.live import Live
from rich.text import Text

from stack import queues, supervision
from stack.console import console, grid, say, table
from stack.environment import Environment
from stack.program import Program
from stack.usage import Processors, memory

_PAUSE = 2.0
_HEAD = ("PROGRAM", "STATE", "PID", "MEMORY", "CPU")


def run(settings: Environment) -> None:
    """Show it until interrupted, or until nothing runs any more: a terminal in one place, a pipe again and again."""
    if not sys.stdout.isatty():
        for rows, line in _rounds(settings):
            say(f"{table(rows)}\n\n{line}\n")
        return
    with Live(console=console(), auto_refresh=False) as live:
        for rows, line in _rounds(settings):
            live.update(Group(grid(rows), "", Text(line)), refresh=True)


def _rounds(settings: Environment) -> Iterator[tuple[list[tuple[str, ...]], str]]:
    processors = Processors()
    while running := supervision.programs():
        yield [_HEAD, *(_row(program, processors) for program in running.values())], _queues(settings)
        time.sleep(_PAUSE)


def _row(program: Program, processors: Processors) -> tuple[str, str, str, str, str]:
    if not program.pid:
        return program.name, program.state.lower(), "-", "-", "-"
    cost = f"{memory(program.pid):.0f} MB", f"{processors.percent(program.pid):.0f} %"
    return program.name, program.state.lower(), str(program.pid), *cost


def _queues(settings: Environment) -> str:
    found = queues.lengths(settings)
    if not found:
        return "queues: Redis does not answer"
    taken = found.pop("taken")
    waiting = ", ".join(f"{name} {length}" for name, length in found.items()) or "empty"
    return f"queues: {waiting}; tasks taken by workers: {taken}"
