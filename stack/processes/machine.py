"""Identifies the machine, its boot, and the PID namespace in which this process runs."""

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
class Machine:
    """Where a process runs.

    Attributes:
        host: The name of the machine or container, for people.
        boot: Differs between kernels, and between two boots of one.
        namespace: The PID namespace.
        machine: Stays the same after a reboot, with a new host name, in a rebuilt container; empty if nothing does.
    """

    host: str
    boot: str
    namespace: str
    machine: str


def here() -> Machine:
    """Return the machine of this process."""
    return Machine(socket.gethostname(), boot(), namespace(), machine())


def namespace() -> str:
    """Return the PID namespace, outside of which our pids have no meaning (Linux)."""
    return str(_NAMESPACE.readlink()) if _NAMESPACE.is_symlink() else ""


@functools.cache
def boot() -> str:
    """Return an id of the boot."""
    if _BOOT.exists():
        return _BOOT.read_text().strip()
    # macOS changes the time of the boot when its clock is set.
    return _output("sysctl", "-n", "kern.bootsessionuuid").strip() or f"{psutil.boot_time():.0f}"


def machine() -> str:
    """Return an id of the machine; empty on Linux outside the dev container, since images share their machine id."""
    if given := os.environ.get("STACK_MACHINE_ID"):
        # The id of the dev container survives a rebuild, as its volume does. Its host name does not.
        return f"given {given}"
    # DHCP may change the host name of a Mac.
    is_mac = sys.platform == "darwin"
    return hardware_uuid(_output("ioreg", "-rd1", "-c", "IOPlatformExpertDevice")) if is_mac else ""


def hardware_uuid(registry: str) -> str:
    """Return the hardware UUID of a Mac from the output of ioreg."""
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', registry)
    return f"mac {found[1]}" if found else ""


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
