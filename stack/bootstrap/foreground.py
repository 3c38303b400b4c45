"""Ctrl-C for the program alone: just, which waits for it, would call the recipe interrupted.

Leaving something that one was watching is no error. The program gets a process group of its own, and the terminal
with it; this process stays behind to give the terminal back, as a shell does for its jobs.
"""

import os
import signal
import sys
from contextlib import suppress

_TERMINAL = 0


def keep_to_child() -> None:
    """Return in a child that has the terminal; this process waits for it, and ends as it did.

    Without a terminal of ours, return at once.
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
        # Ctrl-Z: the shell is to have its terminal, and this job stopped, until it is continued.
        _give_terminal(before)
        os.killpg(before, signal.SIGSTOP)
        _give_terminal(child)
        _tell(child, signal.SIGCONT)


def _tell(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child, number)


def _give_terminal(group: int) -> None:
    # Whoever is in the background and does this is stopped, unless it ignores that.
    ours = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.tcsetpgrp(_TERMINAL, group)
    signal.signal(signal.SIGTTOU, ours)
