"""Identifies a process so that another one of the same kernel can tell later whether it still runs (Linux)."""

import os
from pathlib import Path
from typing import NamedTuple

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


class Identity(NamedTuple):
    """A process: the boot of its kernel, its PID namespace, its pid, and its start in ticks since the boot."""

    boot: str
    namespace: str
    pid: int
    started: int


def here() -> Identity | None:
    """Return the identity of this process; None where there is no /proc."""
    try:
        return Identity(BOOT_ID.read_text().strip(), str(PID_NAMESPACE.readlink()), os.getpid(), started(os.getpid()))
    except OSError:
        return None


def has_ended(process: Identity) -> bool:
    """Return whether the process has ended. False if this process cannot know, since it runs elsewhere."""
    mine = here()
    if mine is None or (mine.boot, mine.namespace) != (process.boot, process.namespace):
        return False
    return started(process.pid) != process.started


def started(pid: int) -> int:
    """Return when a process started, in ticks since the boot; 0 if it does not exist or is a zombie."""
    try:
        # proc_pid_stat(5), fields 3 and 22; the name before them may hold any character.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if state in "ZX" else int(fields[18])
    except (OSError, ValueError, IndexError):
        return 0
