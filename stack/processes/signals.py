"""Signals that ask a command to end. It cleans up first, without being interrupted again."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Ctrl-C, TERM, or a closed terminal. The exit status is the one that a shell reports."""

    def __init__(self, number: int) -> None:
        """Keep the exit status for the signal."""
        self.status = 128 + number


def _interrupt(number: int, _frame: object) -> None:
    raise Interrupted(number)


def listen() -> None:
    """Raise Interrupted from now on when a signal asks to end."""
    for number in _SIGNALS:
        # nohup has set the signal to be ignored.
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
