"""Each host in turn is cut off for some seconds under load: what fails meanwhile, what is lost, what recovers when."""

import time
from collections import Counter
from typing import Any

from benchmarks.hosts import judge, network
from benchmarks.hosts.site import APPLICATION, BEATS, WEBS, WORKERS, Site, read_requests, say

SECONDS = 20.0
# Seconds after which HAProxy must know that a host of web is gone.
NOTICED = 2.0
_RECOVERY_LIMIT = 120.0
ORDER = (*APPLICATION, "pool", "postgres", "redis")


def run(site: Site, hosts: tuple[str, ...] = ORDER) -> dict[str, Any]:
    """Cut each host, and return what was seen, by host, and what was lost in all of it."""
    found: dict[str, Any] = {}
    with site.clients("cuts") as file:
        time.sleep(5)
        for host in hosts:
            say(f"cut: {host}")
            found[host] = _cut(site, host)
            time.sleep(5)
    requests = read_requests(file)
    found = {host: seen | _requests(requests, seen) for host, seen in found.items()}
    return {"hosts": found, "data": judge.data(site, requests)}


def problems(found: dict[str, Any]) -> list[str]:
    """Return what is otherwise than promised."""
    wrong = judge.problems(found["data"])
    for host, seen in found["hosts"].items():
        later = {status: count for status, count in seen["failed later"].items() if not _is_forgiven(host, status)}
        if later:
            wrong.append(f"{host} was cut off: requests failed later than {NOTICED} s after it: {later}")
        never = [what for what, after in seen["well again after"].items() if after is None]
        if never:
            wrong.append(f"{host} was cut off: {', '.join(never)} not well again within {_RECOVERY_LIMIT:.0f} s")
    return wrong


def _is_forgiven(host: str, what: str) -> bool:
    if host in {"pool", "postgres"}:
        # No host of web is ready, so the proxy asks none.
        return True
    return host == "redis" and what.partition(" ")[0] == "task"


def _cut(site: Site, host: str) -> dict[str, Any]:
    at = time.time()
    network.cut(host)
    time.sleep(SECONDS)
    sent = {beat: site.sent_by(beat) for beat in BEATS if beat != host}
    network.join(host)
    joined = time.time()
    return {"cut": at, "joined": joined, "well again after": _recovery(site, joined, sent)}


def _recovery(site: Site, joined: float, sent: dict[str, float]) -> dict[str, float | None]:
    """Return after how many seconds all of the application works: each web, each worker runs tasks, each beat sends."""
    waiting = [*APPLICATION]
    after: dict[str, float | None] = dict.fromkeys(waiting)
    while waiting and time.time() - joined < _RECOVERY_LIMIT:
        for host in tuple(waiting):
            if _is_well(site, host, joined, sent):
                after[host] = round(time.time() - joined, 1)
                waiting.remove(host)
        time.sleep(0.2)
    return after


def _is_well(site: Site, host: str, joined: float, sent: dict[str, float]) -> bool:
    if host in WEBS:
        return site.is_ready(host, "healthz")
    if host in WORKERS:
        return site.last_start(host) > joined
    count = site.sent_by(host)
    return count > sent.setdefault(host, count) >= 0 or sent[host] < 0 < count


def _requests(requests: list[dict[str, Any]], seen: dict[str, Any]) -> dict[str, Any]:
    at, joined = seen["cut"], seen["joined"]
    recovered = [_RECOVERY_LIMIT if after is None else after for after in seen["well again after"].values()]
    end = joined + max(recovered, default=0)
    concerned = [one for one in requests if one["sent"] + one["took"] > at and one["sent"] < end]
    early = [one for one in concerned if one["sent"] <= at + NOTICED]
    later = [one for one in concerned if one["sent"] > at + NOTICED]
    return {
        "requests": len(concerned),
        "failed early": failures(early),
        "failed later": failures(later),
        "last failure": round(max((one["sent"] - at for one in concerned if is_failure(one)), default=0.0), 1),
        "slowest": round(max((one["took"] for one in concerned), default=0.0), 1),
        "slowest read": round(max((one["took"] for one in concerned if one["kind"] == "read"), default=0.0), 1),
    }


def failures(requests: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many requests failed, by what was asked and how it ended."""
    return dict(Counter(f"{one['kind']} {one['status'] or one['error']}" for one in requests if is_failure(one)))


def is_failure(request: dict[str, Any]) -> bool:
    return not 200 <= request["status"] < 300  # noqa: PLR2004 - HTTP
