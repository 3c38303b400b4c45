"""What a person sees: a line for each step with its time, and plain tables."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.errors import StackError


def say(message: str, end: str = "\n") -> None:
    """Print at once, even into a pipe. A reader who has gone keeps nothing from being done."""
    try:
        print(message, end=end, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and when it is done, how many seconds it took."""
    started = time.monotonic()
    say(f"  {name:<42}", end="")
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - started:5.1f} s")


def complain(message: str) -> None:
    """Print an error to standard error."""
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is replaced. Raises StackError where the answer is not yes, or nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise StackError(f"{question} Nobody is there to answer, so nothing was changed. To answer yes: --yes")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise StackError("nothing was changed.")


def console() -> Console:
    """Return the terminal; in a pipe lines are as long as they are. NO_COLOR and FORCE_COLOR are heeded."""
    is_terminal = sys.stdout.isatty()
    # Without colours there is no bold either: whoever asks for it wants text.
    plain = False if os.environ.get("NO_COLOR") else None
    width = None if is_terminal else 500
    return Console(width=width, force_terminal=plain, highlight=False, markup=False, emoji=False, soft_wrap=True)


_STATES = {"running": "green", "starting": "yellow", "external": "cyan", "stopped": "yellow", "exited": "yellow"}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; the first row is the head. States have their colours, the last column wraps."""
    head, *body = rows
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for position, name in enumerate(head):
        is_last = position == len(head) - 1
        made.add_column(name, no_wrap=not is_last, overflow="fold")
    for row in body:
        made.add_row(*(Text(cell, style=_STATES.get(cell, "red" if cell in _BROKEN else "")) for cell in row))
    terminal = console()
    with terminal.capture() as captured:
        terminal.print(made, soft_wrap=False)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


_BROKEN = ("fatal", "backoff", "unknown")


def paint(style: str, text: str) -> str:
    """Return the text in a style of rich, where the terminal shows colours."""
    terminal = console()
    with terminal.capture() as captured:
        terminal.print(Text(text, style=style), end="")
    return captured.get()
