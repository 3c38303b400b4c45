"""What a person sees: a line for each step with its time, and plain tables."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

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


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
