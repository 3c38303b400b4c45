"""`just status --watch`: programs, memory, processors and queues, again and again."""

import sys
import time

from stack import queues, supervision
from stack.console import say, table
from stack.environment import Environment
from stack.program import Program
from stack.usage import Processors, memory

_PAUSE = 2.0
_HOME_AND_CLEAR = "\x1b[H\x1b[2J"


def run(settings: Environment) -> None:
    """Print until interrupted, or until nothing runs any more."""
    processors = Processors()
    while running := supervision.programs():
        rows = [("PROGRAM", "STATE", "PID", "MEMORY", "CPU")]
        rows += [_row(program, processors) for program in running.values()]
        say(f"{_HOME_AND_CLEAR if sys.stdout.isatty() else ''}{table(rows)}\n\n{_queues(settings)}\n")
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
