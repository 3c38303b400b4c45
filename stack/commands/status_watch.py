"""`just status --watch`: programs, memory, processors and queues, every two seconds."""

import sys
import time
from collections.abc import Iterator

import redis
from rich.console import Group
from rich.live import Live
from rich.text import Text

from checkout import queues, servers
from checkout.console import console
from stack.console import grid, say, table
from stack.processes.resource_usage import Processors, memory
from stack.programs import supervisor
from stack.programs.supervisor import ProgramState
from stack.settings.environment import Environment

_INTERVAL_SECONDS = 2.0
_HEAD = ("PROGRAM", "STATE", "PID", "MEMORY", "CPU")


def run(settings: Environment) -> None:
    """Show it until interrupted or until nothing runs: a terminal in place, a pipe one table after another."""
    if not sys.stdout.isatty():
        for rows, line in _rounds(settings):
            say(f"{table(rows)}\n\n{line}\n")
        return
    with Live(console=console(), auto_refresh=False) as live:
        for rows, line in _rounds(settings):
            live.update(Group(grid(rows), "", Text(line)), refresh=True)


def _rounds(settings: Environment) -> Iterator[tuple[list[tuple[str, ...]], str]]:
    processors = Processors()
    while running := supervisor.programs():
        yield [_HEAD, *(_row(program, processors) for program in running.values())], _queues(settings)
        time.sleep(_INTERVAL_SECONDS)


def _row(program: ProgramState, processors: Processors) -> tuple[str, str, str, str, str]:
    if not program.pid:
        return program.name, program.state.lower(), "-", "-", "-"
    cost = f"{memory(program.pid):.0f} MB", f"{processors.percent(program.pid):.0f} %"
    return program.name, program.state.lower(), str(program.pid), *cost


def _queues(settings: Environment) -> str:
    url = servers.redis_url("broker", base=settings.redis_url)
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            found = queues.lengths(client)
    except redis.RedisError:
        return "queues: Redis is unavailable"
    waiting = ", ".join(f"{name} {length}" for name, length in found.waiting.items()) or "empty"
    return f"queues: {waiting}; unacknowledged tasks: {found.unacknowledged}; delayed: {found.delayed}"
