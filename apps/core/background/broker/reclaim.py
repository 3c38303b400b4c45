"""Returns the tasks of leases that have run out to their queues. Every worker does this for the others.

No clock decides whether a lease has run out, since clocks jump: a worker takes one that was not renewed for a whole
lease of its own monotonic time, during which Redis was reachable. If the process that holds it is known to have
ended, since it ran on the same machine, the worker takes it at once.
"""

import json
import logging
import time
from typing import Any

from apps.core.background.broker import storage
from apps.core.background.broker.kombu_leftovers import return_kombus
from checkout.process_identity import Identity, has_ended
from checkout.queues import HOLDERS, LEASES, LOST_LEASES, held

logger = logging.getLogger("django.info")

# Seconds for which a lease is good, and after which it is renewed.
LEASE = 8.0
RENEWAL = 2.0
# Seconds without contact to Redis after which an observation starts anew.
GAP = 4.0
# Messages that are returned in one step.
_BATCH = 100


class Observer:
    """Tells which leases were not renewed while it was watching, by times that its caller gives."""

    def __init__(self) -> None:
        # The time of the renewal (a mark, no matter by which clock), and since when it has been seen.
        self._seen: dict[str, tuple[float, float]] = {}
        self._looked_at = float("-inf")

    def run_out(self, renewals: dict[str, float], at: float) -> list[str]:
        """Return the leases that were not renewed for a whole lease. at: seconds of a monotonic clock."""
        if at - self._looked_at > GAP:
            # Redis was unavailable, or this process was stopped: those who hold leases could not renew them either.
            self._seen.clear()
        self._looked_at = at
        unchanged = {lease: since for lease, (mark, since) in self._seen.items() if renewals.get(lease) == mark}
        self._seen = {lease: (mark, unchanged.get(lease, at)) for lease, mark in renewals.items()}
        return [lease for lease, (_, since) in self._seen.items() if at - since >= LEASE]


class Reclaimer:
    """Returns what dead workers have left."""

    def __init__(self, client: Any, *, visibility_timeout: float) -> None:
        self._client = client
        self._visibility_timeout = visibility_timeout
        self._observer = Observer()
        self._seize = client.register_script(storage.SEIZE)

    def look(self) -> None:
        """Take leases that have run out, and return the tasks of those that were taken. Raises RedisError."""
        renewals = {lease.decode(): mark for lease, mark in self._client.zrange(LEASES, 0, -1, withscores=True)}
        run_out = set(self._observer.run_out(renewals, time.monotonic()))
        for lease in run_out | self._ended(renewals):
            if self._seize(keys=[LEASES, LOST_LEASES], args=[lease, repr(renewals[lease])]):
                holder = _holder(self._client.hget(HOLDERS, lease))
                self._client.hincrby(storage.COUNTS, "leases_lost", 1)
                logger.warning("A worker's lease has run out: its tasks are returned", extra={"worker": holder["node"]})
        for lease in self._client.smembers(LOST_LEASES):
            self._return(lease.decode())
        return_kombus(self._client, self._visibility_timeout)

    def _ended(self, renewals: dict[str, float]) -> set[str]:
        """Return the leases whose process is known to have ended, and which it does not renew any more."""
        seconds, micros = self._client.time()
        late = [lease for lease, renewed in renewals.items() if seconds + micros / 1e6 - renewed > 2 * RENEWAL]
        holders = self._client.hmget(HOLDERS, late) if late else []
        return {lease for lease, raw in zip(late, holders, strict=True) if _has_ended(_holder(raw))}

    def _return(self, lease: str) -> None:
        tags = self._client.hkeys(held(lease))
        for first in range(0, len(tags), _BATCH):
            storage.give_back(self._client, lease, tags[first : first + _BATCH], count=True)
        storage.close(self._client, lease)


def _holder(raw: bytes | None) -> dict[str, Any]:
    return {"node": "unknown", **(json.loads(raw) if raw else {})}


def _has_ended(holder: dict[str, Any]) -> bool:
    process = holder.get("process")
    return process is not None and has_ended(Identity(*process))
