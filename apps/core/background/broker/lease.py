"""A worker's lease: under its id Redis has the messages that the worker has received and not acknowledged.

There is one lease for each connection to the broker, since what a connection has received ends with it. A thread with
a connection of its own renews it, because the worker's main loop may be busy for half a minute.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any
from uuid import uuid4
from weakref import WeakSet

from redis import RedisError

from apps.core.background.broker import storage
from apps.core.background.broker.reclaim import LEASE, RENEWAL, Reclaimer
from apps.core.redis_errors import is_in_script
from checkout.process_identity import here
from checkout.queues import HOLDERS, LEASES, held

logger = logging.getLogger("django.info")

# Seconds between two looks at the leases of others.
_PAUSE = 1.0
# This one counts the time in which a laptop sleeps.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_SILENT_FAILURES = 2
_UNAVAILABLE = (RedisError, OSError)


class LeaseLostError(OSError):
    """The lease has run out, so others may have what it held. An OSError, for which workers connect again."""


class Lease:
    """What one connection of this process holds.

    Attributes:
        id: Random, since two workers may have one name.
        is_detached: The connection is gone. The lease goes on until what is kept is acknowledged.
    """

    # Those of this process that are not closed.
    open_ones: "WeakSet[Lease]" = WeakSet()

    def __init__(self, client: Any, node: str, *, visibility_timeout: float) -> None:
        """Open the lease. client: a redis.Redis of the lease's own. node: for display. Raises RedisError."""
        self.id = uuid4().hex
        self.is_detached = False
        self._client = client
        self._process = os.getpid()
        self._renewed = self._now()
        # Lost as this worker sees it, and gone as Redis says.
        self._is_lost = self._is_gone = False
        # Delivery tags that could not be acknowledged; that could not be returned, with whether they count as lost;
        # and those that a detached lease keeps.
        self._finished: set[str] = set()
        self._returned: dict[str, bool] = {}
        self._kept: frozenset[str] | None = None
        self._closed = threading.Event()
        self._renew = client.register_script(storage.RENEW)
        self._reclaimer = Reclaimer(client, visibility_timeout=visibility_timeout)
        holder = json.dumps({"node": node, "since": time.time(), "process": here()})
        client.register_script(storage.OPEN)(keys=[LEASES, HOLDERS], args=[self.id, holder])
        self.open_ones.add(self)
        threading.Thread(target=self._run, name=f"lease {self.id[:8]}", daemon=True).start()

    @property
    def is_held(self) -> bool:
        """Whether nobody else can have taken the lease. Without a renewal in time somebody may."""
        return not self._is_lost and self._now() - self._renewed < LEASE

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def lose(self) -> None:
        """Record that the lease has run out."""
        self._is_lost = True

    def check(self) -> None:
        """Raise LeaseLostError if the lease is known to have run out."""
        if self._is_lost:
            raise LeaseLostError("The lease of this connection has run out.")

    def acknowledge(self, tag: str) -> None:
        """Remove a message. If Redis is unavailable, it is removed as soon as it is available again.

        Only this lease's: if another worker has the message by now, nothing happens.
        """
        try:
            self._remove(tag)
        except _UNAVAILABLE:
            self._finished.add(tag)

    def give_back(self, tags: Collection[str], *, count: bool, leftmost: bool = False) -> None:
        """Return messages to their queues, now or as soon as Redis is available. See storage.give_back()."""
        try:
            storage.give_back(self._client, self.id, [tag.encode() for tag in tags], count=count, leftmost=leftmost)
        except _UNAVAILABLE:
            self._returned |= dict.fromkeys(tags, count)

    def give_back_all(self, *, count: bool) -> None:
        """Return everything, and close the lease. If Redis is unavailable, another worker returns it later."""
        if self._closed.is_set() or self._process != os.getpid():
            return
        with suppress(*_UNAVAILABLE):
            for tag in tuple(self._finished):
                self._remove(tag)
            storage.give_back(self._client, self.id, self._client.hkeys(held(self.id)), count=count)
            storage.close(self._client, self.id)
        self._end()

    def put_aside(self, tag: str | bytes, reason: str) -> None:
        """Move a message to the dead letters. Raises RedisError."""
        storage.put_aside(self._client, self.id, tag, reason)

    def detach(self) -> None:
        """Go on without the connection: messages are acknowledged and kept, and none is received."""
        self.is_detached = True

    def keep(self, tags: Collection[str]) -> None:
        """Keep only these messages of a detached lease; the thread returns the others."""
        self._kept = frozenset(tags)

    def _run(self) -> None:
        renew_at = self._now() + RENEWAL
        failures = 0
        while not self._closed.wait(_PAUSE):
            try:
                if self._now() >= renew_at:
                    renew_at = self._now() + RENEWAL
                    self._do_renew()
                self._settle()
                self._reclaimer.look()
                failures = 0
            except _UNAVAILABLE as error:
                failures += 1
                if is_in_script(error):
                    logger.exception("A script of the broker has failed")
                # The worker itself logs that its connection is lost, but it does not notice when Redis hangs.
                if failures == _SILENT_FAILURES and not self.is_detached:
                    logger.warning("Redis is unavailable: no lease is renewed", extra={"error": type(error).__name__})
            except Exception:
                # Without its thread a worker would lose its lease and not know it.
                logger.exception("The thread of a lease has failed, and goes on")

    def _do_renew(self) -> None:
        asked = self._now()
        if self._renew(keys=[LEASES], args=[self.id]):
            self._renewed = asked
        elif not self._is_gone:
            logger.warning("This worker's lease has run out: others have its tasks")
            self._is_lost = self._is_gone = True

    def _settle(self) -> None:
        """Do what could not be done, and return what a detached lease does not keep."""
        for tag in tuple(self._finished):
            self._remove(tag)
        for tag, count in tuple(self._returned.items()):
            storage.give_back(self._client, self.id, [tag.encode()], count=count)
            del self._returned[tag]
        if self._kept is None:
            return
        if not self._is_gone:
            tags = [tag for tag in self._client.hkeys(held(self.id)) if tag.decode(errors="replace") not in self._kept]
            storage.give_back(self._client, self.id, tags, count=False)
        if self._is_gone or storage.close(self._client, self.id):
            self._end()

    def _remove(self, tag: str) -> None:
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hdel(held(self.id), tag).srem(storage.started(self.id), tag).execute()
        self._finished.discard(tag)

    def _end(self) -> None:
        self._closed.set()
        self.open_ones.discard(self)

    @staticmethod
    def _now() -> float:
        return time.clock_gettime(_CLOCK)
