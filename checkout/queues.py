"""The keys of the broker in Redis, and how many tasks are in it.

docs/broker.md has the layout, apps/core/background/broker writes it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

# Sorted set: the id of each lease, by the time of its last renewal.
LEASES = "broker:leases"
# Set: the leases that have run out and whose tasks are being returned.
LOST_LEASES = "broker:leases:lost"
# Hash: who holds a lease, by its id.
HOLDERS = "broker:leases:holders"
# Sorted set: messages that wait for their time, by that time.
DELAYED = "broker:delayed"
# Hash: the messages that workers of Kombu's own transport have received and not acknowledged.
KOMBU_UNACKNOWLEDGED = "unacked"
# Lists that are no queues of tasks: replies of workers to remote control, and what wakes a worker.
_OTHER_LISTS = (".pidbox", ":hint")


class Lengths(NamedTuple):
    """Tasks that wait, by queue; those that a worker runs or has died with; those that wait for their time."""

    waiting: dict[str, int]
    unacknowledged: int
    delayed: int


def held(lease: str) -> str:
    """Return the key of the hash of a lease's messages, by their delivery tags."""
    return f"broker:lease:{lease}"


def lengths(client: Any, names: Iterable[str] | None = None) -> Lengths:
    """Return the lengths of these queues, or of all queues that are not empty.

    client is a redis.Redis. Raises RedisError if the broker is unavailable.
    """
    found = list(_not_empty(client) if names is None else names)
    leases = [_text(lease) for lease in [*client.zrange(LEASES, 0, -1), *client.smembers(LOST_LEASES)]]
    with client.pipeline(transaction=False) as pipe:
        for name in found:
            pipe.llen(name)
        pipe.zcard(DELAYED).hlen(KOMBU_UNACKNOWLEDGED)
        for lease in leases:
            pipe.hlen(held(lease))
        counts = [int(count) for count in pipe.execute()]
    waiting, (delayed, *unacknowledged) = counts[: len(found)], counts[len(found) :]
    return Lengths(dict(zip(found, waiting, strict=True)), sum(unacknowledged), delayed)


def _not_empty(client: Any) -> list[str]:
    keys = map(_text, client.scan_iter(_type="list"))
    return sorted(key for key in keys if not key.endswith(_OTHER_LISTS))


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else str(key)
