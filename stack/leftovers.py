"""Processes that an earlier start of this checkout has left behind.

They are known by a mark in their environment, which our supervisor alone gives and every child inherits. So
nothing depends on a pid file, which can be deleted, or hold a pid that has become another program's. Where a system
hides the environment, they are known by their pid and start time on record (stack/process_records.py).
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from conf import local
from stack import place, process_records

# What tells a program to end well, where it is not TERM: Postgres' fast shutdown, and Celery's soft one,
# which hands back to the queue what runs. The same as in supervisord.conf.
END_SIGNALS = {"postgres": signal.SIGINT, "worker": signal.SIGQUIT}
_PROGRAM = "SUPERVISOR_PROCESS_NAME"


def mark() -> dict[str, str]:
    """Return the variables that mark the processes of this checkout."""
    return {"STACK_STATE": str(local.STATE), "STACK_PLACE": place.namespace()}


def processes(program: str = "") -> list[psutil.Process]:
    """Return the living processes of this checkout, or of one of its programs; never this one or its ancestors."""
    above = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    marked = [process for process in psutil.process_iter() if process.pid not in above and _is_marked(process, program)]
    recorded = [process for process in _recorded(program) if process.pid not in above and is_alive(process)]
    return list(dict.fromkeys([*marked, *recorded]))


def _recorded(program: str = "") -> list[psutil.Process]:
    records = [record for record in process_records.read() if not program or record.program == program]
    return [process for record in records for process in record.processes()]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def is_program(pid: int, program: str) -> bool:
    """Say whether the pid is a process of this checkout's program, and not somebody else's by now."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return False
    return _is_marked(process, program) or (is_alive(process) and process in _recorded(program))


def _is_marked(process: psutil.Process, program: str) -> bool:
    wanted = mark() | ({_PROGRAM: program} if program else {})
    return wanted.items() <= _environment(process).items() and is_alive(process)


def orphans(supervisor: int) -> list[psutil.Process]:
    """Return the living processes of this checkout that the supervisor with this pid does not lead."""
    return [process for process in processes() if supervisor not in {process.pid, *_ancestors(process)}]


def _ancestors(process: psutil.Process) -> list[int]:
    try:
        return [parent.pid for parent in process.parents()]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Say whether the process runs; a zombie has ended, though its container may never collect it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(found: list[psutil.Process]) -> None:
    """Tell the supervisor to end everything. What has none any more gets 2 s, Postgres 20, and is killed then."""
    programs = {process: _program(process) for process in found}
    supervisors = [process for process in found if not programs[process]]
    for process in supervisors:
        _send(process, signal.SIGTERM)
    # It knows how long each of its programs may take, 30 s at most.
    _still_alive(supervisors, seconds=40)
    if sys.platform != "linux":
        # On Linux the kernel has told them when the supervisor died; a second signal would be taken for impatience.
        for process in found:
            _send(process, END_SIGNALS.get(programs[process], signal.SIGTERM))
    # A worker whose Redis was quicker than itself would wait for it.
    kill(_still_alive((process for process in found if programs[process] != "postgres"), seconds=2))
    kill(_still_alive(found, seconds=20))


def kill(found: list[psutil.Process]) -> None:
    """Kill the processes and wait until they are gone."""
    for process in found:
        _send(process, signal.SIGKILL)
    _still_alive(found, seconds=5)


def _program(process: psutil.Process) -> str:
    """Return the program that the process belongs to; empty for the supervisor."""
    environment = _environment(process)
    if mark().items() <= environment.items():
        return environment.get(_PROGRAM, "")
    # The supervisor's descendants are the programs, which have records of their own.
    owners = [record.program for record in process_records.read() if process in record.processes()]
    return next((owner for owner in owners if owner != process_records.SUPERVISOR), "")


def _send(process: psutil.Process, number: signal.Signals) -> None:
    # psutil compares the start time: a pid that was given to another program is left alone.
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _still_alive(found: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    alive, deadline = list(found), time.monotonic() + seconds
    while (alive := [process for process in alive if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive
