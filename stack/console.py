"""Output for people: one line for each step with its time, and tables."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from checkout.console import console
from stack.errors import StackError

if TYPE_CHECKING:
    from rich.status import Status


def say(message: str, end: str = "\n") -> None:
    """Print at once, also into a pipe. If the reader has gone, the command continues."""
    try:
        print(message, end=end, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


@contextmanager
def step(name: str, *, spinner: bool = True) -> Iterator[None]:
    """Print the name of a step, and when it is done, how many seconds it took.

    Meanwhile a terminal shows a spinner, unless the step prints something itself.
    """
    started = time.monotonic()
    shown = _spinner(name) if spinner and _is_interactive() else None
    if shown:
        _quietly(shown.start)
    else:
        say(f"  {name:<42}", end="")
    try:
        yield
        result = f"{time.monotonic() - started:5.1f} s"
    except BaseException:
        result = "failed"
        raise
    finally:
        if shown:
            _quietly(shown.stop)
            say(f"  {name:<42}", end="")
        say(result)


def _spinner(name: str) -> "Status":
    # It takes 10 ms, and most steps are not shown to a terminal.
    from rich.status import Status

    return Status(Text(name), console=console())


def _quietly(show: Callable[[], None]) -> None:
    # If the terminal has gone, the command continues.
    with suppress(OSError):
        show()


def _is_interactive() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def complain(message: str) -> None:
    """Print an error to standard error."""
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is replaced. Raises StackError unless the answer is yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise StackError(f"{question} There is no terminal to ask in, so nothing was changed. To answer yes: --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise StackError("nothing was changed.")


_STATES = {"running": "green", "starting": "yellow", "external": "cyan", "stopped": "yellow", "exited": "yellow"}
_BROKEN = ("fatal", "backoff", "unknown")


def grid(rows: Sequence[Sequence[str]]) -> Table:
    """Return rows as a table; the first row is the head. States are coloured, and the last column wraps."""
    head, *body = rows
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for position, name in enumerate(head):
        is_last = position == len(head) - 1
        made.add_column(name, no_wrap=not is_last, overflow="fold")
    for row in body:
        made.add_row(*(Text(cell, style=_STATES.get(cell, "red" if cell in _BROKEN else "")) for cell in row))
    return made


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return the table as text, at most as wide as the terminal."""
    terminal = console()
    with terminal.capture() as captured:
        terminal.print(grid(rows), soft_wrap=False)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


def paint(style: str, text: str) -> str:
    """Return the text in a style of rich, if the terminal shows colours."""
    terminal = console()
    with terminal.capture() as captured:
        terminal.print(Text(text, style=style), end="")
    return captured.get()
