"""Redis as a broker that holds on to a task from the moment it is queued until it is acknowledged.

Kombu's own transport takes a task from its queue (BRPOP), and then notes it as unacknowledged. A worker or a Redis
that dies between the two loses the task: it is in neither place. Here one script does both, so there is no between.
A script cannot block; a worker with nothing to do waits for a hint, which every publisher leaves beside the queue.
A hint that is lost, or a publisher that leaves none, costs a task one wait (a second), never more.

It also counts how often a task's process or worker died under it, in the message itself: a task that kills what
runs it would otherwise come back for ever (see BaseTaskWithRetry.before_start). What a worker hands back when it is
told to stop is not counted: nothing died.
"""

from collections.abc import Callable
from queue import Empty
from time import monotonic, time
from typing import Any

from kombu.transport import redis
from kombu.transport.virtual.base import QoS as VirtualQoS
from kombu.utils.json import dumps, loads

# The header of a message that says how often it was lost.
LOST = "times_lost"

# KEYS: the unacknowledged and their index, then queues. ARGV: the time, then for each queue whether its messages are
# acknowledged (answers of workers are not). The entry is what Kombu would have written.
_FETCH = """
for i = 3, #KEYS do
  local message = redis.call('RPOP', KEYS[i])
  if message and ARGV[i - 1] == '' then return {KEYS[i], message} end
  if message then
    local properties = cjson.decode(message).properties
    local tag, info = properties.delivery_tag, properties.delivery_info
    local origin = cjson.encode(info.exchange) .. ',' .. cjson.encode(info.routing_key)
    redis.call('ZADD', KEYS[2], ARGV[1], tag)
    redis.call('HSET', KEYS[1], tag, '[' .. message .. ',' .. origin .. ']')
    return {KEYS[i], message}
  end
end
"""


class QoS(redis.QoS):
    channel: "Channel"

    def append(self, message: Any, delivery_tag: str) -> None:
        # What the script has fetched, Redis knows already.
        kind = VirtualQoS if self.channel.delivering else redis.QoS
        kind.append(self, message, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        self.channel.handing_back = True
        try:
            super().restore_unacked(client)
        finally:
            self.channel.handing_back = False


class Channel(redis.Channel):
    # Kombu sets these; its stubs do not know them.
    _expires: dict[str, int]
    _queue_cycle: Any
    _flush_brpop_reauth: Callable[[], None]
    connection_errors: tuple[type[Exception], ...]

    QoS = QoS
    # Without priorities a queue is one list, not four.
    priority_steps = [0]
    # Kombu's batches would leave no hints.
    supports_batch_publish = False
    handing_back = False
    delivering = False
    _wait_for_hint = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._unacknowledged_queues: set[str] = set()
        super().__init__(*args, **kwargs)

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:  # noqa: FBT001
        if no_ack:
            self._unacknowledged_queues.add(queue)
        return super().basic_consume(queue, no_ack, *args, **kwargs)

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        with self.conn_or_acquire() as client, client.pipeline() as pipe:
            pipe.lpush(queue, dumps(message))
            if queue in self._expires:
                pipe.pexpire(queue, self._expires[queue])
            self._hint(pipe, queue)
            pipe.execute()

    def _do_restore_message(
        self,
        payload: dict[str, Any],
        exchange: str,
        routing_key: str,
        pipe: Any,
        leftmost: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        if not self.handing_back:
            headers = payload.setdefault("headers", {})
            headers[LOST] = headers.get(LOST, 0) + 1
        super()._do_restore_message(payload, exchange, routing_key, pipe, leftmost)  # type: ignore[misc] # not in the stubs
        for queue in self._lookup(exchange, routing_key):
            self._hint(pipe, queue)

    def _hint(self, pipe: Any, queue: str) -> None:
        # One is enough: a worker that is free asks again until there is nothing left. Soon nobody needs it.
        pipe.lpush(_hints(queue), "")
        pipe.ltrim(_hints(queue), 0, 0)
        pipe.expire(_hints(queue), 60)

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        if self._wait_for_hint:
            command = ["BRPOP", *map(_hints, queues), timeout or self.brpop_timeout]
        else:
            keys = [self.unacked_key, self.unacked_index_key, *queues]
            noted = ["" if queue in self._unacknowledged_queues else "noted" for queue in queues]
            command = ["EVAL", _FETCH, len(keys), *keys, time(), *noted]
        self.client.connection.send_command(*command)

    def _brpop_read(self, **options: Any) -> bool:
        """Take the answer. Kombu calls this until it raises Empty, and then asks again."""
        waited, self._wait_for_hint = self._wait_for_hint, False
        try:
            answer = self.client.connection.read_response()
        except self.connection_errors:
            self.client.connection.disconnect()
            raise
        finally:
            self._in_poll = None
            self._flush_brpop_reauth()
        if waited:
            raise Empty
        if not answer:
            self._wait_for_hint = True
            raise Empty
        queue, message = answer[0].decode(), loads(answer[1].decode())
        self._queue_cycle.rotate(queue)
        self.delivering = True
        try:
            self.connection._deliver(message, queue)  # noqa: SLF001 - a transport's part
        finally:
            self.delivering = False
        return True


class Transport(redis.Transport):
    Channel = Channel
    supports_batch_publish = False
    implements = redis.Transport.implements.extend(batch_publish=False)


def _hints(queue: str) -> str:
    return f"{queue}:hint"
