"""`just dev`: up, follow the logs, and down when it is interrupted or its terminal closes."""

from contextlib import suppress

from stack import lifecycle, logs
from stack.interrupts import Interrupted, deaf


def run() -> int:
    """Run the stack in the foreground; returns the exit status."""
    with suppress(Interrupted):
        lifecycle.up()
        # A terminal that closes is seen as a signal or as output that fails, whichever comes first.
        with suppress(OSError):
            logs.show([], follow=True, lines=0)
    with deaf():
        lifecycle.down()
    return 0
