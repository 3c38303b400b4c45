"""Which processes the stack has started, on record in its state: pid, start time and session.

The second way to find one's own processes, beside the mark in their environment (stack/leftovers.py), for systems
that show no environment: macOS hides that of system programs and of signed ones, python.org's Python among them.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from conf import local
from stack import place

SUPERVISOR = "supervisord"
# Seconds by which a start time may differ from itself: a system computes it from its clock, which may be set.
_TOLERANCE = 2.0


@dataclass(frozen=True)
class Record:
    """One program's last start. namespace is the PID namespace in which the numbers mean something."""

    program: str
    pid: int
    started: float
    session: int
    namespace: str

    def processes(self) -> list[psutil.Process]:
        """Return what lives of it: the process, its descendants, and the orphans that it left in its group."""
        leader = self._leader()
        if leader is None and psutil.pid_exists(self.pid):
            # The number is another process's by now.
            return []
        descendants = leader.children(recursive=True) if leader else []
        return [*([leader] if leader else []), *descendants, *self._orphans({process.pid for process in descendants})]

    def _leader(self) -> psutil.Process | None:
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) < _TOLERANCE:
                return process
        return None

    def _orphans(self, known: set[int]) -> list[psutil.Process]:
        # Supervisord gives every program a group of its own, which its children stay in when it is killed.
        members = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                pid = process.pid
                is_member = os.getpgid(pid) == self.pid and os.getsid(pid) == self.session
                if (
                    is_member
                    and pid != self.pid
                    and pid not in known
                    and process.create_time() > self.started - _TOLERANCE
                ):
                    members.append(process)
        return members


def write(program: str, pid: int) -> None:
    """Record that a process is, or is about to become, the program."""
    directory = _directory()
    directory.mkdir(mode=0o700, exist_ok=True)
    record = Record(program, pid, psutil.Process(pid).create_time(), os.getsid(pid), place.namespace())
    path = directory / program
    # Whole or not at all, for whoever reads meanwhile.
    partial = path.with_name(f".{program}.{os.getpid()}")
    partial.write_text(json.dumps(asdict(record)))
    partial.rename(path)


def read() -> list[Record]:
    """Return the records that mean processes of this PID namespace; what cannot be read counts for nothing."""
    found = []
    for path in sorted(_directory().glob("[!.]*")):
        with suppress(OSError, ValueError, TypeError):
            record = Record(**json.loads(path.read_text()))
            if record.namespace == place.namespace():
                found.append(record)
    return found


def _directory() -> Path:
    return local.STATE / "processes"
