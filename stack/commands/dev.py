"""`just dev`: up, follow the logs, and down when it is interrupted or its terminal closes."""

from contextlib import suppress

from stack.commands import status
from stack.console import say
from stack.lifecycle import up_down
from stack.logs import display
from stack.processes.signals import Interrupted, signals_ignored
from stack.programs import table


def run() -> int:
    """Run the stack in the foreground; returns the exit status."""
    with suppress(Interrupted):
        say(status.overview(up_down.up()))
        # A closed terminal is a signal, or output that fails, whichever comes first.
        with suppress(OSError):
            display.show({p.log_name: p.log_file for p in table.PROGRAMS.values()}, follow=True, lines=0)
    with signals_ignored():
        up_down.down()
    return 0
