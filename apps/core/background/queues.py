"""What is in the broker. All of it raises RedisError or kombu's OperationalError if the broker is unavailable."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from celery import current_app
from kombu.utils.json import loads

from apps.core.background.broker import storage
from checkout import queues

# How many delayed tasks, and tasks of one lease, are shown.
_SHOWN = 10


class Task(NamedTuple):
    """The name and the id of a task."""

    name: str
    id: str


class LeaseState(NamedTuple):
    """A lease: its worker, what it holds (some of it), since when, and how many seconds ago it was renewed."""

    node: str
    held: int
    tasks: list[Task]
    since: datetime
    renewed: float
    is_lost: bool


class DelayedTask(NamedTuple):
    """A task that waits for its time."""

    task: Task
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
            entries = client.hvals(queues.held(lease.decode()))
            tasks = [_task(entry) for entry in entries[:_SHOWN]]
            ago = seconds + micros / 1e6 - (at or 0)
            found.append(
                LeaseState(holder.get("node") or "unknown", len(entries), tasks, since, ago, is_lost=at is None)
            )
        return found


def next_delayed() -> list[DelayedTask]:
    """Return the delayed tasks that are due first."""
    with current_app.connection_for_read() as connection:
        entries = _client(connection).zrange(queues.DELAYED, 0, _SHOWN - 1, withscores=True)
        return [DelayedTask(_task(entry), datetime.fromtimestamp(due, UTC)) for entry, due in entries]


def counts() -> dict[str, int]:
    """Return how many tasks, and how many leases, were lost so far."""
    with current_app.connection_for_read() as connection:
        found = _client(connection).hgetall(storage.COUNTS)
        return {name: int(found.get(name.encode(), 0)) for name in ("lost", "leases_lost")}


def _task(entry: bytes) -> Task:
    try:
        headers = loads(storage.split(entry)[1].decode())["headers"]
        return Task(str(headers["task"]), str(headers["id"]))
    except storage.UNDECODABLE:
        return Task("no task", "")


def _client(connection: Any) -> Any:
    return connection.default_channel.client
