"""How many tasks are in the broker, as Kombu's Redis transport stores them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

# The hash of the messages that workers have received and not acknowledged.
UNACKNOWLEDGED = "unacked"
# Lists that are no queues of tasks: replies of workers to remote control, and what wakes a worker.
_OTHER_LISTS = (".pidbox", ":hint")


class Lengths(NamedTuple):
    """Tasks that wait, by queue; and those that a worker runs, holds for a later time, or has died with."""

    waiting: dict[str, int]
    unacknowledged: int


def lengths(client: Any, names: Iterable[str] | None = None) -> Lengths:
    """Return the lengths of these queues, or of all queues that are not empty.

    client is a redis.Redis. Raises RedisError if the broker is unavailable.
    """
    found = _not_empty(client) if names is None else names
    return Lengths({name: int(client.llen(name)) for name in found}, int(client.hlen(UNACKNOWLEDGED)))


def _not_empty(client: Any) -> list[str]:
    keys = (key.decode() if isinstance(key, bytes) else str(key) for key in client.scan_iter(_type="list"))
    return sorted(key for key in keys if not key.endswith(_OTHER_LISTS))
