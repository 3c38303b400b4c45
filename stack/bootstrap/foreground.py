"""Lets Ctrl-C reach only the program: just would report an interrupted recipe, although leaving a view is no error.

The program gets a process group of its own and the terminal. This process waits and takes the terminal back, as a
shell does for its jobs.
"""

import os
import signal
import sys
from contextlib import suppress

_TERMINAL = 0


def keep_to_child() -> None:
    """Return in a child that has the terminal; this process waits, and ends with the same status.

    Without a terminal, return at once.
    """
    if not _has_terminal():
        return
    before = os.tcgetpgrp(_TERMINAL)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _give_terminal(os.getpgrp())
        return
    with suppress(OSError):
        os.setpgid(child, child)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: _tell(child, received))
    status = _wait(child, before)
    _give_terminal(before)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _has_terminal() -> bool:
    # In a pipe the terminal may be the reader's: just logs | less.
    try:
        return os.isatty(_TERMINAL) and os.isatty(1) and os.tcgetpgrp(_TERMINAL) == os.getpgrp()
    except OSError:
        return False


def _wait(child: int, before: int) -> int:
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return status
        # Ctrl-Z: the shell gets its terminal and stops this job until it is continued.
        _give_terminal(before)
        os.killpg(before, signal.SIGSTOP)
        _give_terminal(child)
        _tell(child, signal.SIGCONT)


def _tell(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child, number)


def _give_terminal(group: int) -> None:
    # A background process that does this is stopped unless it ignores the signal.
    ours = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.tcsetpgrp(_TERMINAL, group)
    signal.signal(signal.SIGTTOU, ours)
