"""Where this process runs: which machine, which start of it, which PID namespace."""

import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

_NAMESPACE = Path("/proc/self/ns/pid")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Place:
    """host names the machine or container for people; boot tells kernels, and starts of one, apart."""

    host: str
    boot: str
    namespace: str


def here() -> Place:
    """Return where we are."""
    return Place(socket.gethostname(), _boot(), namespace())


def namespace() -> str:
    """Return the PID namespace, outside of which our pids mean nothing (Linux)."""
    return str(_NAMESPACE.readlink()) if _NAMESPACE.is_symlink() else ""


def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.exists() else f"{psutil.boot_time():.0f}"
