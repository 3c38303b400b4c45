"""`just dev`: up, follow the logs, and down when it is interrupted or its terminal closes."""

import os
import signal
import sys

from stack import lifecycle, logs


class _Interrupted(BaseException):
    """Ctrl-C, TERM, or the terminal has gone."""


def _interrupt(*_: object) -> None:
    # One is enough: what follows must not be interrupted half way.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise _Interrupted


def run() -> int:
    """Run the stack in the foreground; returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        lifecycle.up()
        logs.show([], follow=True, lines=0)
    except (_Interrupted, BrokenPipeError, OSError):
        _detach_from_lost_terminal()
        lifecycle.down()
    return 0


def _detach_from_lost_terminal() -> None:
    """Keep printing harmless where the terminal is gone."""
    try:
        print(flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the rest of the process
