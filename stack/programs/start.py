"""Becomes one of the programs: `python -m stack.programs.start NAME`, which supervisord runs.

It replaces itself by the program, so that supervisord signals the program and not a wrapper.
"""

import os
import signal
import sys

from checkout import paths
from checkout.parent_death import signal_when_parent_dies
from stack.console import complain
from stack.errors import StackError
from stack.processes import discovery, pid_records
from stack.programs import start_record, table
from stack.settings import overrides


def main(name: str) -> None:
    """Replace this process by the program."""
    program = table.PROGRAMS[name]
    if program.reload_signal == signal.SIGHUP:
        # The program handles it later. Until then it would end it, and with it the sockets at which clients wait.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal_when_parent_dies(program.death_signal)
    if sys.platform == "linux" and os.getppid() == 1:
        # The supervisor died before the death signal was set.
        sys.exit("the supervisor is gone")
    # Children of an earlier process that was killed: nothing may run twice, and one of them may hold the port.
    discovery.kill(discovery.processes(name))
    if program.settings != ():
        # The reloader keeps running while others are started again with what was given since.
        overrides.apply()
    pid_records.write(name, os.getpid())
    try:
        command = program.command()
        start_record.write(name)
    except StackError as error:
        complain(str(error))
        sys.exit(1)
    if program.data:
        # It is for Python's wheels only.
        os.environ.pop("LD_LIBRARY_PATH", None)
    os.environ.update(for_forking(sys.platform))
    os.chdir(paths.ROOT)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def for_forking(platform: str) -> dict[str, str]:
    """Return the variables for programs that fork: without them macOS ends their children (celery/celery#4113)."""
    return {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if platform == "darwin" else {}


if __name__ == "__main__":
    main(sys.argv[1])
