"""Where this process runs: on which machine, in which start of it, in which PID namespace."""

import functools
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_NAMESPACE = Path("/proc/self/ns/pid")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Place:
    """host names the machine or container for people; boot tells kernels, and starts of one, apart.

    machine is what a restart, a new host name and a rebuilt container leave the same; empty where nothing is.
    """

    host: str
    boot: str
    namespace: str
    machine: str


def here() -> Place:
    """Return where we are."""
    return Place(socket.gethostname(), boot(), namespace(), machine())


def namespace() -> str:
    """Return the PID namespace, outside of which our pids mean nothing (Linux)."""
    return str(_NAMESPACE.readlink()) if _NAMESPACE.is_symlink() else ""


@functools.cache
def boot() -> str:
    """Return what differs from one start of the machine to the next."""
    if _BOOT.exists():
        return _BOOT.read_text().strip()
    # macOS changes the time of the boot when its clock is set.
    return _output("sysctl", "-n", "kern.bootsessionuuid").strip() or f"{psutil.boot_time():.0f}"


def machine() -> str:
    """Return what names this machine; empty on Linux outside the dev container: images share their machine id."""
    if given := os.environ.get("STACK_MACHINE_ID"):
        # The dev container's own id: it and its volume survive a rebuild, its host name does not.
        return f"given {given}"
    # A Mac's host name may be DHCP's.
    is_mac = sys.platform == "darwin"
    return hardware_uuid(_output("ioreg", "-rd1", "-c", "IOPlatformExpertDevice")) if is_mac else ""


def hardware_uuid(registry: str) -> str:
    """Return a Mac's own number from the output of ioreg."""
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', registry)
    return f"mac {found[1]}" if found else ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
