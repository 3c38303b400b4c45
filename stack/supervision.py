"""The supervisor of a checkout: started here, asked and told over its unix socket."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from conf import local
from stack import servers
from stack.errors import StackError

CONFIGURATION = Path(__file__).with_name("supervisord.conf")
SOCKET = local.RUNTIME / "supervisor.sock"
PID_FILE = local.STATE / "supervisord.pid"

SERVERS = ("postgres", "redis")
APPLICATION = ("web", "worker", "beat", "reload")
PROGRAMS = (*SERVERS, *APPLICATION)

_UNREACHABLE = (OSError, xmlrpc.client.ProtocolError)


@dataclass(frozen=True)
class Program:
    """What the supervisor says of a program; pid is 0 where it does not run, uptime is in seconds."""

    name: str
    state: str
    pid: int
    uptime: int

    @property
    def runs(self) -> bool:
        """Say whether it is up, were it only for a second."""
        return self.state in ("RUNNING", "STARTING")


def _rpc() -> Any:
    return xmlrpc.client.ServerProxy("http://localhost", SupervisorTransport("", "", f"unix://{SOCKET}")).supervisor


def programs() -> dict[str, Program]:
    """Return all programs by name; empty where no supervisor runs."""
    try:
        found = {info["name"]: info for info in _rpc().getAllProcessInfo()}
    except _UNREACHABLE:
        return {}
    return {name: _program(found[name]) for name in PROGRAMS}


def _program(info: dict[str, Any]) -> Program:
    return Program(info["name"], info["statename"], info["pid"], max(0, info["now"] - info["start"]))


def start_supervisor() -> None:
    """Start the supervisor, in a session of its own: it outlives this terminal."""
    SOCKET.unlink(missing_ok=True)
    variables = {
        "STACK_ROOT": str(local.ROOT),
        "STACK_STATE": str(local.STATE),
        "STACK_RUNTIME": str(local.RUNTIME),
        "STACK_PYTHON": sys.executable,
    }
    with (local.LOGS / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            [servers.SERVICES / "bin" / "python", "-m", "supervisor.supervisord", "-c", CONFIGURATION],
            cwd=local.STATE,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    wait_until(programs, "the supervisor", seconds=10, failed=lambda: process.poll() is not None and "supervisord")


def start(names: Iterable[str]) -> None:
    """Start those of the programs that do not run; return at once."""
    running = programs()
    for name in names:
        if not running[name].runs:
            # Between the question and the order the supervisor may have restarted it by itself.
            with suppress(xmlrpc.client.Fault):
                _rpc().startProcess(name, False)  # noqa: FBT003 - the call takes no keywords


def stop(names: Iterable[str]) -> None:
    """Stop the programs, all at the same time, and wait until they have ended."""
    wanted = [name for name, program in programs().items() if name in set(names) and program.pid]
    for name in wanted:
        with suppress(xmlrpc.client.Fault):
            _rpc().stopProcess(name, False)  # noqa: FBT003
    # Each is killed after its stopwaitsecs; the longest is 30 s.
    wait_until(lambda: not any(programs()[name].pid for name in wanted), f"the end of {', '.join(wanted)}", seconds=40)


def stop_supervisor() -> None:
    """Stop the supervisor and whatever it still runs, and take the empty directory of the sockets away."""
    process = psutil.Process(_rpc().getPID())
    _rpc().shutdown()
    wait_until(lambda: not _is_alive(process), "the supervisor's end", seconds=40)
    SOCKET.unlink(missing_ok=True)
    with suppress(OSError):
        local.RUNTIME.rmdir()


def _is_alive(process: psutil.Process) -> bool:
    # A zombie has ended; a container whose first process does not collect them keeps it.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def signal(name: str, number: str) -> None:
    """Send a signal (HUP, TERM, …) to a program."""
    _rpc().signalProcess(name, number)


def named(name: str) -> str:
    """Return the program that people call by this name: the web program is the backend, too."""
    program = "web" if name == "backend" else name
    if program not in PROGRAMS:
        raise StackError(f"there is no program called {name}. There are: backend, {', '.join(PROGRAMS)}.")
    return program


def log_of(program: str) -> Path:
    """Return the file that holds what the program printed."""
    return local.LOGS / ("backend.log" if program == "web" else f"{program}.log")


def given_up(names: Iterable[str]) -> Callable[[], str]:
    """Return a check that names the first of the programs that the supervisor no longer restarts."""

    def check() -> str:
        found = programs()
        return next((name for name in names if name not in found or found[name].state == "FATAL"), "")

    return check


def wait_until(
    condition: Callable[[], object], what: str, *, seconds: float, failed: Callable[[], str | bool] = lambda: ""
) -> None:
    """Ask every 100 ms, from now on, until the condition holds.

    Raises StackError with the last lines of the log when the time is over or a program has failed.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        culprit = failed()
        if culprit or time.monotonic() > deadline:
            reason = "it ended" if culprit else f"it was not ready within {seconds:.0f} s"
            raise StackError(f"{what}: {reason}.{_tail(str(culprit or what))}")
        time.sleep(0.1)


def _tail(name: str, lines: int = 20) -> str:
    path = local.LOGS / "supervisord.out" if name == "supervisord" else log_of(name)
    if not path.is_file():
        return ""
    last = path.read_text(errors="replace").splitlines()[-lines:]
    return f" The last lines of {path}:\n" + "\n".join(f"  {line}" for line in last)
