"""The supervisor of a checkout: started here, asked and told over its unix socket."""

import http.client
import os
import subprocess
import sys
import xmlrpc.client
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from conf import local
from stack import leftovers, pids, servers, variables
from stack.errors import StackError
from stack.program import PROGRAMS, Program
from stack.waiting import wait_until

CONFIGURATION = Path(__file__).with_name("supervisord.conf")
SOCKET = local.RUNTIME / "supervisor.sock"
PID_FILE = local.STATE / "supervisord.pid"

_UNREACHABLE = (OSError, xmlrpc.client.ProtocolError, http.client.HTTPException)


def _rpc() -> Any:
    return xmlrpc.client.ServerProxy("http://localhost", SupervisorTransport("", "", f"unix://{SOCKET}")).supervisor


def programs() -> dict[str, Program]:
    """Return all programs by name; empty where no supervisor runs."""
    try:
        found = {info["name"]: info for info in _rpc().getAllProcessInfo()}
    except (*_UNREACHABLE, xmlrpc.client.Fault):
        # Or it answers that it is about to end.
        return {}
    return {name: _program(found[name]) for name in PROGRAMS}


def _program(info: dict[str, Any]) -> Program:
    return Program(info["name"], info["statename"], info["pid"], max(0, info["now"] - info["start"]))


def pid() -> int:
    """Return the pid of the supervisor; 0 where none answers."""
    try:
        return int(_rpc().getPID())
    except _UNREACHABLE:
        return 0


def is_in_place() -> bool:
    """Say whether the supervisor's pid file is there, and its own: somebody may have deleted the state."""
    return PID_FILE.is_file() and PID_FILE.read_text().strip() == str(pid())


def start_supervisor() -> None:
    """Start the supervisor, in a session of its own: it outlives this terminal."""
    SOCKET.unlink(missing_ok=True)
    with (local.LOGS / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [servers.SERVICES / "bin" / "python", "-m", "supervisor.supervisord", "-c", CONFIGURATION],
            cwd=local.STATE,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    pids.write(pids.SUPERVISOR, process.pid)
    wait_until(programs, "the supervisor", seconds=10, failed=lambda: process.poll() is not None and "supervisord")


def _environment() -> dict[str, str]:
    """Return the environment of the programs. Their settings are not in it: each start reads them anew."""
    settings = variables.settings(local.ROOT)
    chosen = {name: value for name, value in variables.for_programs(os.environ).items() if name not in settings}
    own = {
        "STACK_ROOT": str(local.ROOT),
        "STACK_RUNTIME": str(local.RUNTIME),
        "STACK_PYTHON": sys.executable,
        # Redis and the supervisor log in local time; all lines are in UTC.
        "TZ": "UTC",
    }
    return chosen | own | leftovers.mark()


def start(names: Iterable[str]) -> None:
    """Start those of the programs that do not run; return at once."""
    running = programs()
    for name in names:
        if name not in running or not running[name].runs:
            _order("startProcess", name, False)  # noqa: FBT003 - the call takes no keywords


def stop(names: Iterable[str]) -> None:
    """Stop the programs, all at the same time, and wait until they have ended."""
    wanted = [name for name, program in programs().items() if name in set(names) and program.pid]
    for name in wanted:
        _order("stopProcess", name, False)  # noqa: FBT003
    # Each is killed after its stopwaitsecs; the longest is 30 s.
    wait_until(lambda: not _any_alive(wanted), f"the end of {', '.join(wanted)}", seconds=40)


def shut_down() -> None:
    """End the supervisor, which is told at once; a signal it would notice within a second."""
    if supervisor := pid():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(supervisor)
            _order("shutdown")
            wait_until(lambda: not leftovers.is_alive(process), "the supervisor's end", seconds=40)


def _any_alive(names: Iterable[str]) -> bool:
    # A supervisor that is killed meanwhile answers no more, and what it ran ends with it.
    found = programs()
    return any(found[name].pid for name in names if name in found)


def signal(name: str, number: str) -> None:
    """Send a signal (HUP, TERM, …) to a program."""
    _order("signalProcess", name, number)


def _order(call: str, *arguments: object) -> None:
    try:
        # A fault says that it is done already: the supervisor may have restarted the program by itself.
        with suppress(xmlrpc.client.Fault):
            getattr(_rpc(), call)(*arguments)
    except _UNREACHABLE as error:
        raise StackError(f"the supervisor has ended ({error}). Try again: just up") from error


def given_up(names: Iterable[str]) -> Callable[[], str]:
    """Return a check that names the first of the programs that the supervisor no longer restarts."""

    def check() -> str:
        found = programs()
        return next((name for name in names if name not in found or found[name].state == "FATAL"), "")

    return check
