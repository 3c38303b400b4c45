"""Redis as a broker that stores a task at every moment from its sending to its acknowledgement.

Kombu's transport pops a task from its queue (BRPOP) and then stores it as unacknowledged. If the worker or Redis dies
between the two, the task is lost. Here one script does both. A script cannot block, so an idle worker waits for a
hint, which every publisher pushes beside the queue. If a hint is lost, or a publisher pushes none, a task waits one
second longer.

It also counts, in the message itself, how often a task's process or worker has died: a task that kills its process
would otherwise be redelivered for ever (see BaseTaskWithRetry.before_start). A task counts only if it was started,
and not if a worker that was told to stop has returned it.

It moves what is not a message to a stream of dead letters, since every worker that reads it would fail.
apps/core/background/dead_letters.py collects them.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from queue import Empty
from time import monotonic, time
from typing import Any

from celery import Task, current_app
from celery.signals import task_prerun
from celery.worker import state as worker_state
from kombu.exceptions import OperationalError
from kombu.transport import redis
from kombu.transport.virtual.base import QoS as VirtualQoS
from kombu.utils.json import dumps, loads
from redis import RedisError

# The header with the number of times that a message was lost.
LOST = "times_lost"
# Keys: the tags of tasks that were started and not acknowledged; the stream of dead letters.
STARTED = "unacked_started"
DEAD_LETTERS = "dead-letters"

# KEYS: the unacknowledged, their index, the dead letters, then queues. ARGV: the time, then for each queue whether its
# messages are acknowledged (replies of workers are not). The entry is what Kombu would have written for a message that
# was sent to the queue itself. A reply without a message means that there is more to look through.
_FETCH = """
local function flaw(message)
  local is_json, decoded = pcall(cjson.decode, message)
  if not is_json or type(decoded) ~= 'table' then return 'It is not a JSON object.' end
  local properties = decoded.properties
  if type(properties) ~= 'table' or type(properties.delivery_tag) ~= 'string' or properties.delivery_tag == '' then
    return 'It has no delivery tag.'
  end
  if type(properties.delivery_info) ~= 'table' then return 'It has no delivery information.' end
  if redis.call('HEXISTS', KEYS[1], properties.delivery_tag) == 1 then return 'Its delivery tag is in use.' end
  return nil, properties.delivery_tag
end
local looked_at = 0
for i = 4, #KEYS do
  local message = redis.call('RPOP', KEYS[i])
  while message do
    if ARGV[i - 2] == '' then return {KEYS[i], message} end
    local why, tag = flaw(message)
    if not why then
      redis.call('ZADD', KEYS[2], ARGV[1], tag)
      redis.call('HSET', KEYS[1], tag, '[' .. message .. ',"",' .. cjson.encode(KEYS[i]) .. ']')
      return {KEYS[i], message}
    end
    redis.call('XADD', KEYS[3], '*', 'queue', KEYS[i], 'reason', why, 'message', message)
    looked_at = looked_at + 1
    if looked_at == 1000 then return {KEYS[i]} end
    message = redis.call('RPOP', KEYS[i])
  end
end
"""
# The end of an entry: exchange and routing key.
_ORIGIN = re.compile(rb',"([^"]*)",("(?:[^"\\]|\\.)*")\]\Z')


class QoS(redis.QoS):
    channel: "Channel"
    _delivered: Any

    def append(self, message: Any, delivery_tag: str) -> None:
        # Redis has stored already what the script has fetched.
        kind = VirtualQoS if self.channel.delivering else redis.QoS
        kind.append(self, message, delivery_tag)

    def _remove_from_indices(self, delivery_tag: str, pipe: Any = None) -> Any:
        return super()._remove_from_indices(delivery_tag, pipe).srem(STARTED, delivery_tag)  # type: ignore[misc] # not in the stubs

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:  # noqa: FBT001, FBT002
        with self.channel.conn_or_acquire(client) as connection:
            self.channel.is_lost = bool(connection.sismember(STARTED, tag)) and not _told_to_stop()
            try:
                super().restore_by_tag(tag, connection, leftmost)
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                self.channel.put_aside(tag, "It cannot be decoded.")


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
    is_lost = False
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
        if self.is_lost:
            payload["headers"] = headers = dict(payload.get("headers") or {})
            headers[LOST] = times_lost(headers) + 1
        super()._do_restore_message(payload, exchange, routing_key, pipe, leftmost)  # type: ignore[misc] # not in the stubs
        for queue in self._lookup(exchange, routing_key):
            self._hint(pipe, queue)

    def _hint(self, pipe: Any, queue: str) -> None:
        # One is enough: a free worker asks again until the queue is empty.
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
            keys = [self.unacked_key, self.unacked_index_key, DEAD_LETTERS, *queues]
            noted = ["" if queue in self._unacknowledged_queues else "noted" for queue in queues]
            command = ["EVAL", _FETCH, len(keys), *keys, time(), *noted]
        self.client.connection.send_command(*command)

    def _brpop_read(self, **options: Any) -> bool:
        """Read the reply. Kombu calls this until it raises Empty, and then asks again."""
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
        queue = answer[0].decode()
        self._queue_cycle.rotate(queue)
        if len(answer) == 1:
            raise Empty
        self._deliver(queue, answer[1])
        return True

    def _deliver(self, queue: str, raw: bytes) -> None:
        self.delivering = True
        try:
            self.connection._deliver(loads(raw.decode()), queue)  # noqa: SLF001 - a transport's part
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            # Lua is less strict than Python and does not decode the body.
            if tag := _tag(raw):
                self.put_aside(tag, "It cannot be decoded.")
        finally:
            self.delivering = False

    def put_aside(self, tag: str | bytes, reason: str) -> None:
        """Move an unacknowledged message to the dead letters."""
        with self.conn_or_acquire() as client:
            entry = client.hget(self.unacked_key, tag)
            if entry is None:
                return
            origin = _ORIGIN.search(entry)
            message, queue = (entry[1 : origin.start()], json.loads(origin[2])) if origin else (entry, "")
            with client.pipeline() as pipe:
                pipe.xadd(DEAD_LETTERS, {"queue": queue, "reason": reason, "message": message})
                pipe.zrem(self.unacked_index_key, tag).hdel(self.unacked_key, tag).srem(STARTED, tag).execute()


class Transport(redis.Transport):
    Channel = Channel
    supports_batch_publish = False
    implements = redis.Transport.implements.extend(batch_publish=False)


def _hints(queue: str) -> str:
    return f"{queue}:hint"


def _tag(raw: bytes) -> bytes:
    """Return the delivery tag of a message that Lua can decode and Python cannot."""
    found = re.search(rb'"delivery_tag": ?"([^"\\]+)"', raw)
    return found[1] if found else b""


def times_lost(headers: Any) -> int:
    """Return the number in the header; 0 for anything else, since the message may come from anywhere."""
    found = headers.get(LOST)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _told_to_stop() -> bool:
    # An exit status, and 0 is one.
    asked: tuple[Any, ...] = (worker_state.should_stop, worker_state.should_terminate)
    return any(status is not None and status is not False for status in asked)


@task_prerun.connect
def record_start(task: "Task[Any, Any]", **_kwargs: Any) -> None:
    """Record in Redis that the task was started: if its process or worker dies now, it counts as lost."""
    tag = (getattr(task.request, "properties", None) or {}).get("delivery_tag")
    if tag and not task.request.is_eager:
        # Without the broker nothing is acknowledged either: the task is redelivered without being counted.
        with suppress(OperationalError, RedisError), current_app.connection_or_acquire() as connection:
            connection.default_channel.client.sadd(STARTED, tag)
