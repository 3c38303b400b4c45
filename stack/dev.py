"""`just dev`: up, follow the logs, and down when it is interrupted or its terminal closes."""

import signal
from contextlib import suppress

from stack import lifecycle, logs

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupted(BaseException):
    """Ctrl-C, TERM, or the terminal has gone."""


def _interrupt(*_: object) -> None:
    raise _Interrupted


def run() -> int:
    """Run the stack in the foreground; returns the exit status."""
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    with suppress(_Interrupted):
        lifecycle.up()
        # A terminal that closes is seen as a signal or as output that fails, whichever comes first.
        with suppress(OSError):
            logs.show([], follow=True, lines=0)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    lifecycle.down()
    return 0
