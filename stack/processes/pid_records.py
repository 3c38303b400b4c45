"""The record of the stack's processes: pid and start time, written when one is started.

The environment tells ours from others (see stack/processes/discovery.py), where it can be read: macOS hides that of system
programs, Linux that of programs which drop privileges. A record is the second way. It counts for this state
directory alone: in a copy of it the pids are those of the original.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from checkout import paths
from stack.processes import machine

SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Process:
    """A program's first process; group and session are the kernel's numbers, which its children inherit."""

    program: str
    pid: int
    started: int
    session: int
    boot: str
    namespace: str
    state: str


def identity(directory: Path) -> str:
    """Return what stays the same when a directory is renamed, and differs in a copy; empty where there is none."""
    try:
        found = directory.stat()
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def started(pid: int) -> int:
    """Return when a process started, exactly, however clocks are set; 0 where it does not exist."""
    try:
        if sys.platform != "linux":
            return int(psutil.Process(pid).create_time() * 1000)
        # Ticks since the boot (proc_pid_stat(5), field 22); the name before it may hold any character.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError, psutil.Error):
        return 0


def write(program: str, pid: int) -> None:
    """Write down that this process is the program's. On a disk that is full the environment has to do."""
    try:
        session = os.getsid(pid)
        record = Process(
            program, pid, started(pid), session, machine.boot(), machine.namespace(), identity(paths.STATE)
        )
        paths.PID_RECORDS.mkdir(mode=0o700, exist_ok=True)
        (paths.PID_RECORDS / f"{program}.json").write_text(json.dumps(asdict(record)))
    except OSError:
        return


def read() -> dict[int, Process]:
    """Return the records that count here and now, by pid."""
    found = [_read(path) for path in paths.PID_RECORDS.glob("*.json")]
    here = (machine.boot(), machine.namespace(), identity(paths.STATE))
    return {record.pid: record for record in found if record and (record.boot, record.namespace, record.state) == here}


def _read(path: Path) -> Process | None:
    try:
        return Process(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def belongs(pid: int, record: Process) -> bool:
    """Return whether the process is the one on record, or in the group that it leads or has led."""
    try:
        if os.getpgid(pid) != record.pid and pid != record.pid:
            return False
        leader = started(record.pid)
        if leader and psutil.Process(record.pid).status() != psutil.STATUS_ZOMBIE:
            return leader == record.started
        # The number of a group is not given to a new process while the group has members.
        return os.getsid(pid) == record.session and started(pid) >= record.started
    except (OSError, psutil.Error):
        return False
