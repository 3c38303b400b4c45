"""What is in the broker. All of it raises RedisError or kombu's OperationalError if the broker is unavailable."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from celery import current_app
from kombu.utils.json import loads

from apps.core.background.broker import storage
from checkout import queues

# How many delayed tasks are shown.
_SHOWN = 10


class LeaseState(NamedTuple):
    """A lease: its worker, how many messages it holds, since when, and how many seconds ago it was renewed."""

    node: str
    held: int
    since: datetime
    renewed: float
    is_lost: bool


class DelayedTask(NamedTuple):
    """A task that waits for its time."""

    name: str
    id: str
    due: datetime


def lengths() -> queues.Lengths:
    """Return how many tasks wait in which queue, are with workers, and wait for their time."""
    with current_app.connection_for_read() as connection:
        return queues.lengths(_client(connection), [queue.name for queue in current_app.conf.task_queues])


def leases() -> list[LeaseState]:
    """Return the leases, those that have run out first."""
    with current_app.connection_for_read() as connection:
        client = _client(connection)
        seconds, micros = client.time()
        renewals: dict[bytes, float | None] = dict.fromkeys(client.smembers(queues.LOST_LEASES))
        renewals |= dict(client.zrange(queues.LEASES, 0, -1, withscores=True))
        found = []
        for lease, at in renewals.items():
            holder = json.loads(client.hget(queues.HOLDERS, lease) or b"{}")
            since = datetime.fromtimestamp(holder.get("since", 0), UTC)
            count = int(client.hlen(queues.held(lease.decode())))
            ago = seconds + micros / 1e6 - (at or 0)
            found.append(LeaseState(holder.get("node") or "unknown", count, since, ago, is_lost=at is None))
        return found


def next_delayed() -> list[DelayedTask]:
    """Return the delayed tasks that are due first."""
    with current_app.connection_for_read() as connection:
        entries = _client(connection).zrange(queues.DELAYED, 0, _SHOWN - 1, withscores=True)
        return [_delayed(entry, due) for entry, due in entries]


def counts() -> dict[str, int]:
    """Return how many tasks, and how many leases, were lost so far."""
    with current_app.connection_for_read() as connection:
        found = _client(connection).hgetall(storage.COUNTS)
        return {name: int(found.get(name.encode(), 0)) for name in ("lost", "leases_lost")}


def _delayed(entry: bytes, due: float) -> DelayedTask:
    try:
        headers = loads(storage.split(entry)[1].decode())["headers"]
        return DelayedTask(str(headers["task"]), str(headers["id"]), datetime.fromtimestamp(due, UTC))
    except storage.UNDECODABLE:
        return DelayedTask("no task", "", datetime.fromtimestamp(due, UTC))


def _client(connection: Any) -> Any:
    return connection.default_channel.client
