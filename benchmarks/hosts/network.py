"""Hosts as network namespaces, each with one cable to a switch, and no way out.

A cut cable drops every packet in silence. All hosts know the hardware addresses beforehand, as behind a router, so that
nobody learns from ARP that a host has gone.
"""

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "hosts-"
HOSTS = {
    "client": 10,
    "proxy": 11,
    "web1": 21,
    "web2": 22,
    "worker1": 31,
    "worker2": 32,
    "worker3": 33,
    "beat1": 41,
    "beat2": 42,
    "pool": 51,
    "postgres": 52,
    "redis": 53,
}
_SWITCH = "switch"
_NAMESPACES = Path("/run/netns")


def address(host: str) -> str:
    return f"10.77.0.{HOSTS[host]}"


def path(host: str) -> Path:
    """Return the file of the host's namespace."""
    return _NAMESPACES / f"{PREFIX}{host}"


def inside(host: str, *command: str) -> list[str]:
    """Return the command line that runs a command on a host."""
    return ["nsenter", f"--net={path(host)}", "--", *command]


def enter(host: str) -> None:
    """Move the calling thread to a host; no other thread of this process."""
    with path(host).open() as namespace:
        libc = ctypes.CDLL(None, use_errno=True)
        clone_newnet = 0x40000000
        if libc.setns(namespace.fileno(), clone_newnet):
            raise OSError(ctypes.get_errno(), "setns")


def cut(host: str) -> None:
    """Pull the cable of a host, in both directions."""
    _ip("-n", f"{PREFIX}{_SWITCH}", "link", "set", f"to-{host}", "down")


def join(host: str) -> None:
    """Put the cable back."""
    _ip("-n", f"{PREFIX}{_SWITCH}", "link", "set", f"to-{host}", "up")


@contextmanager
def network() -> Iterator[None]:
    """Create the hosts; at the end kill what still runs on them, and delete them."""
    remove()
    try:
        _create()
        _check_that_nothing_leaves()
        yield
    finally:
        remove()


def remove() -> None:
    """Delete the namespaces of this trial, also those of one that was killed."""
    for namespace in sorted(_NAMESPACES.glob(f"{PREFIX}*")) if _NAMESPACES.is_dir() else []:
        pids = subprocess.run(["ip", "netns", "pids", namespace.name], capture_output=True, text=True, check=False)
        for pid in pids.stdout.split():
            subprocess.run(["kill", "-KILL", pid], capture_output=True, check=False)
        _ip("netns", "delete", namespace.name)


def _create() -> None:
    switch = f"{PREFIX}{_SWITCH}"
    _ip("netns", "add", switch)
    _ip("-n", switch, "link", "add", "switch", "type", "bridge")
    _ip("-n", switch, "link", "set", "switch", "up")
    for host in HOSTS:
        name = f"{PREFIX}{host}"
        _ip("netns", "add", name)
        _ip("-n", switch, "link", "add", f"to-{host}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("-n", switch, "link", "set", f"to-{host}", "master", "switch", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", "eth0", "address", _hardware(host), "up")
        _ip("-n", name, "address", "add", f"{address(host)}/24", "dev", "eth0")
    for host in HOSTS:
        for other in HOSTS.keys() - {host}:
            known = (address(other), "lladdr", _hardware(other), "nud", "permanent", "dev", "eth0")
            _ip("-n", f"{PREFIX}{host}", "neighbour", "replace", *known)


def _check_that_nothing_leaves() -> None:
    for host in (*HOSTS, _SWITCH):
        for family in ("-4", "-6"):
            routes = _ip(family, "-n", f"{PREFIX}{host}", "route", "show", "default")
            if routes.strip():
                raise OSError(f"{host} has a default route, which no traffic of the trial may have: {routes}")


def _hardware(host: str) -> str:
    return f"02:00:00:00:77:{HOSTS[host]:02}"


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
