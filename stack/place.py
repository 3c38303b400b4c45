"""Where this process runs: which machine, which start of it, which PID namespace."""

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


# Set by devcontainer.json: the same for every container that is built for one checkout.
_CONTAINER = "DEVCONTAINER_ID"


@dataclass(frozen=True)
class Place:
    """host names the machine or container for people; boot tells kernels, and starts of one, apart.

    machine stays the same when the host gets another name; empty where nothing is known to stay the same. A
    machine id of Linux is not used: machines made from one image share it.
    """

    host: str
    boot: str
    namespace: str
    machine: str


def here() -> Place:
    """Return where we are."""
    return Place(socket.gethostname(), _boot(), namespace(), machine())


def machine() -> str:
    """Return what identifies the dev container or the Mac that this is; empty for any other machine.

    A rebuilt container has another host name, and a Mac takes one from whatever network it is in.
    """
    if container := os.environ.get(_CONTAINER):
        return f"dev container {container}"
    return _hardware_uuid() if sys.platform == "darwin" else ""


@functools.cache
def _hardware_uuid() -> str:
    command = ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return hardware_uuid_in(said)


def hardware_uuid_in(said: str) -> str:
    """Return the hardware UUID in what ioreg(8) prints of the platform expert; empty where there is none."""
    found = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"', said)
    return f"Mac {found[1]}" if found else ""


def namespace() -> str:
    """Return the PID namespace, outside of which our pids mean nothing (Linux)."""
    return str(_NAMESPACE.readlink()) if _NAMESPACE.is_symlink() else ""


def _boot() -> str:
    return _BOOT.read_text().strip() if _BOOT.exists() else f"{psutil.boot_time():.0f}"
