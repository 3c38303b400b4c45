"""Requests a second of one host of web and of two, in rounds that alternate. They share the cores of this machine."""

import socket
import statistics
import tempfile
from typing import Any

from benchmarks.api import load
from benchmarks.api.scenarios import Request
from benchmarks.hosts import network
from benchmarks.hosts.site import Site, say
from benchmarks.hosts.walk import Walker

ROUNDS = 3
SECONDS = 4
CONNECTIONS = 16


def run(site: Site) -> dict[str, Any]:
    """Return the medians for an authenticated read."""
    token = site.in_client(_token, site)
    request = Request("/api/v1/auth/profile/", {"Authorization": f"Bearer {token}", "Host": "api.example.com"})
    rounds: dict[int, list[load.Measured]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as directory:
        for number in range(ROUNDS):
            for hosts, found in rounds.items():
                say(f"speed: round {number + 1} of {ROUNDS}, {hosts} of web")
                _serve(site, "ready" if hosts == 2 else "maint")  # noqa: PLR2004 - both
                url, script = f"http://{network.address('proxy')}", f"{directory}/wrk.lua"
                found.append(site.in_client(_drive, url, request, script))
    _serve(site, "ready")
    return {
        f"{hosts} of web": {
            "requests a second": round(statistics.median(one.rate for one in found)),
            "p50 ms": round(statistics.median(one.p50 for one in found), 1),
            "p99 ms": round(statistics.median(one.p99 for one in found), 1),
            "errors": sum(one.errors for one in found),
        }
        for hosts, found in rounds.items()
    }


def problems(found: dict[str, Any]) -> list[str]:
    """Return what failed; the speed itself depends on the machine."""
    return [f"speed: {name}: {one['errors']} errors" for name, one in found.items() if one["errors"]]


def _drive(url: str, request: Request, script: str) -> load.Measured:
    return load.drive(url, request, connections=CONNECTIONS, seconds=SECONDS, script=script)


def _token(site: Site) -> str:
    return Walker(network.address("proxy"), "user00100@example.com", site.password).log_in()


def _serve(site: Site, state: str) -> None:
    """Have HAProxy use the second host of web, or not."""
    with socket.socket(socket.AF_UNIX) as console:
        console.connect(str(site.directory / "haproxy.sock"))
        console.sendall(f"set server web/web2 state {state}\n".encode())
        console.recv(1024)
