"""The record of the stack's processes: pid and start time, written when one is started.

The environment identifies our processes (stack/processes/discovery.py) if it can be read: macOS hides that of system
programs, Linux that of programs that drop privileges. The record is the second way. It counts only for this state
directory: in a copy of it the pids are those of the original.
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
    """The first process of a program. Its children inherit the session and the process group."""

    program: str
    pid: int
    started: int
    session: int
    boot: str
    namespace: str
    state: str


def identity(directory: Path) -> str:
    """Return what a directory keeps when it is renamed, and a copy does not have; empty if there is none."""
    try:
        found = directory.stat()
    except OSError:
        return ""
    return f"{found.st_dev}:{found.st_ino}"


def started(pid: int) -> int:
    """Return when a process started, independently of the clock; 0 if it does not exist."""
    try:
        if sys.platform != "linux":
            return int(psutil.Process(pid).create_time() * 1000)
        # Ticks since the boot (proc_pid_stat(5), field 22); the name before it may hold any character.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError, psutil.Error):
        return 0


def write(program: str, pid: int) -> None:
    """Record that this process belongs to the program. On a full disk the environment has to suffice."""
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
    """Return the records of this boot, PID namespace and state directory, by pid."""
    found = [_read(path) for path in paths.PID_RECORDS.glob("*.json")]
    here = (machine.boot(), machine.namespace(), identity(paths.STATE))
    return {record.pid: record for record in found if record and (record.boot, record.namespace, record.state) == here}


def _read(path: Path) -> Process | None:
    try:
        return Process(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def belongs(pid: int, record: Process) -> bool:
    """Return whether the process is the recorded one, or a member of its process group."""
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
