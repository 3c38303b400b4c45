"""The supervisor of a checkout, supervisord: started here, and controlled over its unix socket."""

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from checkout import paths
from stack.bootstrap import variables
from stack.errors import StackError
from stack.processes import discovery, pid_records
from stack.programs import supervisor_config
from stack.programs.table import PROGRAMS
from stack.programs.waiting import wait_until

_UNREACHABLE = (OSError, xmlrpc.client.ProtocolError, http.client.HTTPException)
# Seconds that a program has to run before it counts as settled: longer than a response of /healthz is cached (1 s).
_SETTLED_SECONDS = 1.2
# The longest stop_seconds of a program is 30.
_STOP_SECONDS = 40


@dataclass(frozen=True)
class ProgramState:
    """What the supervisor reports of a program; pid is 0 if it does not run, uptime is in seconds."""

    name: str
    state: str = "STOPPED"
    pid: int = 0
    uptime: int = 0

    @property
    def runs(self) -> bool:
        """Return whether it was started and has not ended."""
        return self.state in ("RUNNING", "STARTING")

    @property
    def was_started(self) -> bool:
        """Return whether it is meant to run, even if it fails to."""
        return self.state in ("RUNNING", "STARTING", "BACKOFF", "FATAL")

    @property
    def has_settled(self) -> bool:
        """Return whether it has run for 1.2 seconds. The supervisor itself counts whole ones."""
        if self.state != "RUNNING":
            return False
        try:
            return time.time() - psutil.Process(self.pid).create_time() >= _SETTLED_SECONDS
        except psutil.NoSuchProcess:
            return False


def programs() -> dict[str, ProgramState]:
    """Return the state of every program by name; empty if no supervisor runs."""
    try:
        found = {info["name"]: info for info in _rpc().getAllProcessInfo()}
    except (*_UNREACHABLE, xmlrpc.client.Fault):
        # A fault means that the supervisor is about to end.
        return {}
    return {name: _state(found[name]) if name in found else ProgramState(name) for name in PROGRAMS}


def program(name: str) -> ProgramState:
    """Return the state of one program."""
    return programs().get(name, ProgramState(name))


def _state(info: dict[str, Any]) -> ProgramState:
    return ProgramState(info["name"], info["statename"], info["pid"], max(0, info["now"] - info["start"]))


def _rpc() -> Any:
    transport = SupervisorTransport("", "", f"unix://{paths.SUPERVISOR_SOCKET}")
    return xmlrpc.client.ServerProxy("http://localhost", transport).supervisor


def pid() -> int:
    """Return the pid of the supervisor; 0 if none responds."""
    try:
        return int(_rpc().getPID())
    except _UNREACHABLE:
        return 0


def has_its_pid_file() -> bool:
    """Return whether the supervisor's pid file is its own: somebody may have deleted the state."""
    file = paths.SUPERVISOR_PID_FILE
    return file.is_file() and file.read_text().strip() == str(pid())


def has_current_programs() -> bool:
    """Return whether the running supervisor was configured from the table of programs as it is now."""
    file = paths.SUPERVISOR_CONFIGURATION
    return file.is_file() and file.read_text() == supervisor_config.render()


def start_supervisor() -> None:
    """Start the supervisor in a session of its own, so that it outlives this terminal."""
    paths.SUPERVISOR_SOCKET.unlink(missing_ok=True)
    paths.SUPERVISOR_CONFIGURATION.write_text(supervisor_config.render())
    python = paths.SERVICES / "bin" / "python"
    with (paths.LOGS / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "supervisor.supervisord", "-c", paths.SUPERVISOR_CONFIGURATION],
            cwd=paths.STATE,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    pid_records.write(pid_records.SUPERVISOR, process.pid)
    wait_until(programs, "the supervisor", seconds=10, failed=lambda: process.poll() is not None and "supervisord")


def _environment() -> dict[str, str]:
    """Return the environment of the programs, without their settings: each start reads those again."""
    settings = variables.settings(paths.ROOT)
    chosen = {name: value for name, value in variables.for_programs(os.environ).items() if name not in settings}
    own = {
        "STACK_ROOT": str(paths.ROOT),
        "STACK_RUNTIME": str(paths.RUNTIME),
        "STACK_PYTHON": sys.executable,
        # Redis and the supervisor log in local time; all other log records are in UTC.
        "TZ": "UTC",
    }
    return chosen | own | discovery.mark()


def start(names: Iterable[str]) -> None:
    """Start those of the programs that do not run; return at once."""
    running = programs()
    for name in names:
        if name not in running or not running[name].runs:
            _order("startProcess", name, False)  # noqa: FBT003 - the call takes no keywords


def stop(names: Iterable[str]) -> None:
    """Stop the programs, all at the same time, and wait until they have ended."""
    wanted = [name for name, found in programs().items() if name in set(names) and found.pid]
    for name in wanted:
        _order("stopProcess", name, False)  # noqa: FBT003
    wait_until(lambda: not _any_alive(wanted), f"the end of {', '.join(wanted)}", seconds=_STOP_SECONDS)


def shut_down() -> None:
    """End the supervisor. By a call, which takes effect at once; a signal is noticed only within a second."""
    if supervisor := pid():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(supervisor)
            _order("shutdown")
            wait_until(lambda: not discovery.is_alive(process), "the supervisor's end", seconds=_STOP_SECONDS)


def _any_alive(names: Iterable[str]) -> bool:
    # A supervisor that is killed meanwhile does not respond, and its programs end with it.
    found = programs()
    return any(found[name].pid for name in names if name in found)


def signal(name: str, number: str) -> None:
    """Send a signal (HUP, TERM, …) to a program."""
    _order("signalProcess", name, number)


def _order(call: str, *arguments: object) -> None:
    try:
        # A fault means that it is done already: the supervisor may have restarted the program by itself.
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
