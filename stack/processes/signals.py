"""Signals that ask a command to end: it cleans up first, and is not interrupted in that."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Ctrl-C, TERM, or the terminal has gone. The exit status is the shell's for such an end."""

    def __init__(self, number: int) -> None:
        """Remember which signal it was."""
        self.status = 128 + number


def _interrupt(number: int, _frame: object) -> None:
    raise Interrupted(number)


def listen() -> None:
    """From now on raise Interrupted where a signal asks to end."""
    for number in _SIGNALS:
        # Who started us with nohup wants us to stay.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextmanager
def signals_ignored() -> Iterator[None]:
    """Ignore these signals within the block."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(TypeError):  # a handler that Python has not set
                signal.signal(number, handler)
