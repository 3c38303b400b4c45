"""What a person sees: a line for each step with its time, and plain tables."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step, and when it is done, how many seconds it took."""
    started = time.monotonic()
    print(f"  {name:<42}", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:5.1f} s", flush=True)


def say(message: str) -> None:
    """Print a message at once, even into a pipe."""
    print(message, flush=True)


def complain(message: str) -> None:
    """Print an error to standard error, after everything that was printed before it."""
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
