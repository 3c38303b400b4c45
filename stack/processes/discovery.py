"""Finds the processes of this checkout, supervised and orphaned, and ends them.

They have a mark in their environment, which only our supervisor sets and every child inherits. So nothing depends on a
pid file, which can be deleted, or contain a pid that belongs to another program by now. A process whose environment
cannot be read is known by the record of pids and start times (stack/processes/pid_records.py), its children by their
parent.

The mark contains the path of the state directory and its inode: a stack still belongs to its checkout after that was
moved, and does not belong to another checkout at the same path.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from checkout import paths
from stack.processes import machine, pid_records

_PROGRAM = "SUPERVISOR_PROCESS_NAME"


def mark() -> dict[str, str]:
    """Return the variables that mark the processes of this checkout."""
    return {
        "STACK_STATE": str(paths.STATE),
        "STACK_STATE_ID": pid_records.identity(paths.STATE),
        "STACK_PLACE": machine.namespace(),
    }


def processes(program: str = "") -> list[psutil.Process]:
    """Return the running processes of this checkout or of one program, without this process and its ancestors."""
    above = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    records = pid_records.read()
    found = ((process, _identify(process, records)) for process in psutil.process_iter() if process.pid not in above)
    return [process for process, name in found if name and (not program or name == program) and is_alive(process)]


def is_program(pid: int, program: str) -> bool:
    """Return whether the pid is a process of this checkout's program, and not of another program by now."""
    try:
        process = psutil.Process(pid)
        return _identify(process, pid_records.read()) == program and is_alive(process)
    except psutil.NoSuchProcess:
        return False


def _identify(process: psutil.Process, records: dict[int, pid_records.Process]) -> str:
    """Return the program of the process, or pid_records.SUPERVISOR; empty for a process that is not ours."""
    environment = _environment(process)
    if environment:
        return environment.get(_PROGRAM, pid_records.SUPERVISOR) if _is_marked(process, environment) else ""
    if not records or not _is_of_this_user(process):
        return ""
    family = [process.pid, *_ancestors(process)]
    return next(
        (record.program for pid in family for record in records.values() if pid_records.belongs(pid, record)), ""
    )


def _is_marked(process: psutil.Process, environment: dict[str, str]) -> bool:
    ours = mark()
    if environment.get("STACK_PLACE") != ours["STACK_PLACE"]:
        return False
    its_state = environment.get("STACK_STATE_ID", "")
    if its_state and its_state == ours["STACK_STATE_ID"]:
        return True
    # The same path: the state was deleted, unless it was moved together with the stack.
    return environment.get("STACK_STATE") == ours["STACK_STATE"] and not _is_elsewhere(process, its_state)


def _is_elsewhere(process: psutil.Process, state: str) -> bool:
    """Return whether the state directory of a process is at another path. The supervisor and the servers run in it."""
    if not state:
        return False
    for pid in (process.pid, *_ancestors(process)):
        with suppress(psutil.Error, OSError):
            directory = Path(psutil.Process(pid).cwd())
            if state in {
                pid_records.identity(path) for path in (directory, directory.parent, directory / paths.STATE.name)
            }:
                return True
    return False


def _is_of_this_user(process: psutil.Process) -> bool:
    try:
        return os.geteuid() in (0, process.uids().effective)
    except psutil.Error:
        return False


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def orphans(supervisor: int) -> list[psutil.Process]:
    """Return the processes of this checkout that the supervisor with this pid does not supervise."""
    return [process for process in processes() if supervisor not in {process.pid, *_ancestors(process)}]


def _ancestors(process: psutil.Process) -> list[int]:
    try:
        return [parent.pid for parent in process.parents()]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Return whether the process runs. A zombie has ended, even if its container never reaps it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(found: list[psutil.Process], stop_signals: Mapping[str, signal.Signals]) -> None:
    """Tell the supervisor to end everything; kill the processes that have none after 2 s, Postgres after 20.

    stop_signals are those that ask a program to end, by its name.
    """
    programs = {process: _program(process) for process in found}
    supervisors = [process for process, program in programs.items() if program == pid_records.SUPERVISOR]
    for process in supervisors:
        _send(process, signal.SIGTERM)
    # The supervisor knows how long each of its programs may take to end, at most 30 s.
    _still_alive(supervisors, seconds=40)
    if sys.platform != "linux":
        # On Linux the kernel has signalled them when the supervisor died; a second signal would end them at once.
        for process in found:
            _send(process, stop_signals.get(programs[process], signal.SIGTERM))
    # A worker whose Redis has ended first would wait for it.
    kill(_still_alive((process for process in found if programs[process] != "postgres"), seconds=2))
    kill(_still_alive(found, seconds=20))


def kill(found: list[psutil.Process]) -> None:
    """Kill the processes and wait until they are gone."""
    for process in found:
        _send(process, signal.SIGKILL)
    _still_alive(found, seconds=5)


def _program(process: psutil.Process) -> str:
    return _identify(process, pid_records.read())


def runtimes(found: Iterable[psutil.Process]) -> set[Path]:
    """Return the directories of the sockets that the processes were started with. It changes with the state's path."""
    names = {_environment(process).get("STACK_RUNTIME", "") for process in found}
    return {Path(name) for name in names if name}


def _send(process: psutil.Process, number: signal.Signals) -> None:
    # psutil compares the start time: a pid that belongs to another program by now is not signalled.
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _still_alive(found: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    alive, deadline = list(found), time.monotonic() + seconds
    while (alive := [process for process in alive if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive
