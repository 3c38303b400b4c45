"""The part of the broker that is Kombu's: how a worker receives, acknowledges and returns messages.

It overrides private parts of Kombu's transport; apps/core/tests/background/broker/test_kombu.py holds it to what they
do. Kombu pops a message (BRPOP) and stores it afterwards: if the worker dies in between, the message is lost. Here
one script does both. A script cannot block, so an idle worker waits for a hint, which every publisher pushes beside
the queue, or until a delayed message is due. If a hint is lost, or a publisher pushes none, a task waits a second.
"""

import math
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty
from time import monotonic, time
from typing import Any, cast

from celery import Task, current_app
from celery.signals import task_prerun
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError
from kombu.transport import redis
from kombu.transport.virtual.base import QoS as VirtualQoS
from kombu.utils.json import dumps, loads
from redis import RedisError
from redis.exceptions import NoScriptError, ResponseError

from apps.core.background.broker import storage
from apps.core.background.broker.lease import Lease
from checkout.queues import DELAYED, LEASES, held

# A property of a message that was received: the lease that it is held under.
_LEASE = "lease"


class QoS(VirtualQoS):
    channel: "Channel"
    # The stubs do not know them, or not exactly.
    _delivered: Any
    _dirty: Any
    _on_collect: Any

    def can_consume(self) -> bool:
        if self.channel.has_lease:
            self.channel.lease.check()
        return super().can_consume()

    def ack(self, delivery_tag: str) -> None:
        self.channel.lease.acknowledge(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002
        if requeue:
            self.channel.lease.give_back([delivery_tag], count=not told_to_stop(), leftmost=True)
        else:
            self.channel.lease.acknowledge(delivery_tag)
        super().ack(delivery_tag)

    def restore_unacked(self) -> None:
        tags = [tag for tag in self._delivered if tag not in self._dirty]
        self.channel.lease.give_back(tags, count=not told_to_stop())
        self._delivered.clear()

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Return everything as the connection is closed. What a worker that has lost it runs is kept instead."""
        self._on_collect.cancel()
        if not self.channel.has_lease:
            return
        stopping = told_to_stop()
        for lease in tuple(Lease.open_ones) if stopping else [self.channel.lease]:
            if stopping or not lease.is_detached:
                lease.give_back_all(count=not stopping)


class Channel(redis.Channel):
    # Kombu sets these; its stubs do not know them.
    connection: Any
    _expires: dict[str, int]
    _queue_cycle: Any
    _flush_brpop_reauth: Callable[[], None]
    _get_pool: Callable[[], Any]
    connection_errors: tuple[type[Exception], ...]

    QoS = QoS  # type: ignore[assignment] # Kombu's own stores what the script has stored
    # Without priorities a queue is one list, not four.
    priority_steps = [0]
    # Kombu's batches would leave no hints.
    supports_batch_publish = False
    _lease: Lease | None = None
    _waits_for_hint = False
    # Seconds until a delayed message is due.
    _next_due = math.inf
    _fetch = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._unacknowledged_queues: set[str] = set()
        super().__init__(*args, **kwargs)

    @property
    def lease(self) -> Lease:
        """The lease of the connection; opened when the first message is to be received."""
        transport = self.connection
        if transport is not None and (self._lease is None or self._lease.is_closed):
            if transport.lease is None or transport.lease.is_closed:
                client = self.Client(connection_pool=self._get_pool())
                timeout = float(self.visibility_timeout)
                transport.lease = Lease(client, transport.node, visibility_timeout=timeout)
            self._lease = transport.lease
        return cast("Lease", self._lease)

    @property
    def has_lease(self) -> bool:
        return self._lease is not None

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:  # noqa: FBT001
        if no_ack:
            self._unacknowledged_queues.add(queue)
        return super().basic_consume(queue, no_ack, *args, **kwargs)

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        if no_ack:
            return super().basic_get(queue, no_ack=True, **kwargs)
        command = self._fetch_command([queue])
        with self.conn_or_acquire() as client:
            answer = client.execute_command(*command)
        if not isinstance(answer, list) or len(answer) == 1:
            return None
        message = self.Message(self._received(answer[1]), channel=self)
        self.qos.append(message, str(message.delivery_tag))
        return message

    def _put(self, queue: str, message: dict[str, Any], **_kwargs: Any) -> None:
        seconds = max(0.0, _delay(message))
        message["properties"][storage.READY_AT] = time() + seconds
        with self.conn_or_acquire() as client:
            if seconds > 0:
                storage.delay(client, queue, dumps(_without_eta(message)), seconds)
                return
            with client.pipeline() as pipe:
                pipe.lpush(queue, dumps(message))
                if queue in self._expires:
                    pipe.pexpire(queue, self._expires[queue])
                # One is enough: a free worker asks again until the queue is empty.
                pipe.lpush(_hints(queue), "").ltrim(_hints(queue), 0, 0).expire(_hints(queue), 60)
                pipe.execute()

    def _purge(self, queue: str) -> int:
        with self.conn_or_acquire() as client:
            return storage.purge_delayed(client, queue) + int(super()._purge(queue))

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        if self._waits_for_hint:
            seconds = min(self._next_due, timeout or self.brpop_timeout)
            command = ["BRPOP", *map(_hints, queues), seconds]
        else:
            command = self._fetch_command(queues)
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        self.client.connection.send_command(*command)

    def _fetch_command(self, queues: Collection[str]) -> list[Any]:
        noted = ["" if queue in self._unacknowledged_queues else "noted" for queue in queues]
        lease = self.lease.id if any(noted) else ""
        if not self._fetch:
            with self.conn_or_acquire() as client:
                self._fetch = client.script_load(storage.FETCH)
        keys = [LEASES, held(lease), storage.DEAD_LETTERS, DELAYED, *queues]
        return ["EVALSHA", self._fetch, len(keys), *keys, lease, *noted]

    def _brpop_read(self, **_options: Any) -> bool:
        """Read the reply. Kombu calls this until it raises Empty, and then asks again."""
        waited, self._waits_for_hint = self._waits_for_hint, False
        try:
            answer = self.client.connection.read_response()
        except NoScriptError:
            # Somebody has flushed Redis' scripts.
            self._fetch = ""
            raise Empty from None
        except ResponseError as error:
            if not str(error).startswith(storage.NO_LEASE):
                raise
            self.lease.lose()
            self.lease.check()
            raise
        except self.connection_errors:
            self.client.connection.disconnect()
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if waited:
            raise Empty
        if not isinstance(answer, list):
            self._waits_for_hint = True
            self._next_due = math.inf if answer is None else answer / 1000
            raise Empty
        queue = answer[0].decode()
        self._queue_cycle.rotate(queue)
        if len(answer) == 1:
            raise Empty
        self._deliver(queue, answer[1])
        return True

    def _deliver(self, queue: str, raw: bytes) -> None:
        try:
            message = self._received(raw)
            if queue not in self._unacknowledged_queues and (seconds := _delay(message)) > 0:
                # From a publisher with Kombu's own transport: the worker would hold it in its memory until then.
                with self.conn_or_acquire() as client:
                    tag = message["properties"]["delivery_tag"]
                    raw_message = dumps(_without_eta(loads(raw.decode())))
                    storage.delay(client, queue, raw_message, seconds, received=(self.lease.id, tag))
                return
            self.connection._deliver(message, queue)  # noqa: SLF001 - a transport's part
        except storage.UNDECODABLE:
            # Lua is less strict than Python and does not decode the body.
            if tag := _tag(raw):
                self.put_aside(tag, "It cannot be decoded.")

    def _received(self, raw: bytes) -> Any:
        message = loads(raw.decode())
        if self.has_lease:
            message["properties"][_LEASE] = self.lease.id
        return message

    def put_aside(self, tag: str | bytes, reason: str) -> None:
        """Move an unacknowledged message to the dead letters."""
        self.lease.put_aside(tag, reason)


class Transport(redis.Transport):
    Channel = Channel
    supports_batch_publish = False
    implements = redis.Transport.implements.extend(batch_publish=False)
    # The lease of the connection, and who it belongs to, for display.
    lease: Lease | None = None
    node = ""


def _hints(queue: str) -> str:
    return f"{queue}:hint"


def _tag(raw: bytes) -> bytes:
    """Return the delivery tag of a message that Lua can decode and Python cannot."""
    found = re.search(rb'"delivery_tag": ?"([^"\\]+)"', raw)
    return found[1] if found else b""


def _delay(message: Any) -> float:
    """Return in how many seconds the task is due. By this clock alone: the time is counted from now on by Redis'."""
    eta = (message.get("headers") or {}).get("eta")
    if not isinstance(eta, str):
        return 0
    with suppress(ValueError, OverflowError):
        due = datetime.fromisoformat(eta)
        return ((due if due.tzinfo else due.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    return 0


def _without_eta(message: dict[str, Any]) -> dict[str, Any]:
    # A copy: it is sent again, with its time, if Redis is unavailable.
    return {**message, "headers": {**message["headers"], "eta": None}}


def told_to_stop() -> bool:
    """Return whether this worker was told to stop: what it returns then is not counted as lost."""
    # An exit status, and 0 is one.
    asked: tuple[Any, ...] = (worker_state.should_stop, worker_state.should_terminate)
    return any(status is not None and status is not False for status in asked)


@task_prerun.connect
def record_start(task: "Task[Any, Any]", **_kwargs: Any) -> None:
    """Record in Redis that the task was started: if its process or worker dies now, it counts as lost."""
    properties = getattr(task.request, "properties", None) or {}
    tag, lease = properties.get("delivery_tag"), properties.get(_LEASE)
    if tag and lease and not task.request.is_eager:
        # Without the broker nothing is acknowledged either: the task is redelivered without being counted.
        with suppress(OperationalError, RedisError), current_app.connection_or_acquire() as connection:
            start = connection.default_channel.client.register_script(storage.START)
            start(keys=[held(lease), storage.started(lease)], args=[tag])
