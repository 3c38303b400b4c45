"""Single keys of a terminal, while something is followed. Ctrl-C, Ctrl-Z and the scroll-back work as always."""

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_STDIN = 0


@contextmanager
def pressed() -> Iterator[Callable[[], str]]:
    """Yield a function that returns the keys that were pressed since its last call; none without a terminal."""
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    before = termios.tcgetattr(_STDIN)
    try:
        # Not raw: signals stay the terminal's, and lines are printed as always.
        tty.setcbreak(_STDIN)
        yield _read
    finally:
        # Not if the terminal has gone.
        with suppress(termios.error):
            termios.tcsetattr(_STDIN, termios.TCSADRAIN, before)


def _read() -> str:
    ready, _, _ = select.select([_STDIN], [], [], 0)
    return os.read(_STDIN, 64).decode(errors="replace") if ready else ""
