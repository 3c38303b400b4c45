"""How the services of deploy/compose.yaml find each other: secrets, the order of their start, time to end, ports."""

from collections.abc import Iterator
from typing import Any

_MOUNTED = "/run/secrets/"
# Who may be asked from outside.
_PUBLIC = {"caddy"}
# Seconds that a role needs to end: SHUTDOWN_DELAY and the longest request; TASK_SHUTDOWN_TIMEOUT and the handing back.
_TO_END = {"web": 35, "worker": 35}

Object = dict[str, Any]


def wiring(found: Object) -> Iterator[str]:
    known = set(found.get("secrets") or {})
    for name, service in found["services"].items():
        given = set(service.get("secrets") or [])
        files = [str(value) for value in (service.get("environment") or {}).values()]
        read = {file.removeprefix(_MOUNTED) for file in files if file.startswith(_MOUNTED)}
        yield from (f"service {name}: it has no secret {each}" for each in sorted(read - given))
        yield from (f"service {name}: there is no secret {each}" for each in sorted(given - known))
        if service.get("ports") and name not in _PUBLIC:
            yield f"service {name}: its ports are open to the world, past TLS"
        if not service.get("restart"):
            yield f"service {name}: it needs a restart, for when the server starts"
        if "${IMAGE" in service.get("image", "") and name != "migrate":
            yield from _waits(name, service)


def _waits(name: str, service: Object) -> Iterator[str]:
    before = (service.get("depends_on") or {}).get("migrate") or {}
    if before.get("condition") != "service_completed_successfully":
        yield f"service {name}: it has to wait for migrate (service_completed_successfully)"
    seconds = str(service.get("stop_grace_period", "10s")).removesuffix("s")
    if name in _TO_END and not (seconds.isdecimal() and int(seconds) >= _TO_END[name]):
        yield f"service {name}: stop_grace_period has to be {_TO_END[name]}s at least"
