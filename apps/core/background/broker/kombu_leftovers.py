"""Returns what workers with Kombu's own transport, or of a version before leases, have left unacknowledged.

They acknowledge with Kombu's keys, so their messages are returned as Kombu does: after the visibility timeout.
"""

import time
from typing import Any

from kombu.utils.json import loads

from apps.core.background.broker.storage import DEAD_LETTERS, GIVE_BACK, UNDECODABLE, redelivered
from checkout.queues import KOMBU_UNACKNOWLEDGED

# Sorted set: delivery tags by the time of their delivery.
INDEX = "unacked_index"
# Set: the tags of tasks that were started, as the version before leases has recorded them.
STARTED = "unacked_started"
_BATCH = 100


def return_kombus(client: Any, visibility_timeout: float) -> None:
    """Return messages that were delivered longer ago than the timeout, a hundred at most. Raises RedisError."""
    for tag in client.zrange(INDEX, "-inf", time.time() - visibility_timeout, byscore=True, offset=0, num=_BATCH):
        entry = client.hget(KOMBU_UNACKNOWLEDGED, tag)
        if entry:
            _return(client, tag, entry)
        client.zrem(INDEX, tag)


def _return(client: Any, tag: bytes, entry: bytes) -> None:
    try:
        # Our queues are bound by their own names.
        message, _exchange, queue = loads(entry.decode())
        payload = redelivered(message, lost=bool(client.sismember(STARTED, tag)))
    except UNDECODABLE:
        client.xadd(DEAD_LETTERS, {"queue": "", "reason": "It cannot be decoded.", "message": entry})
        client.hdel(KOMBU_UNACKNOWLEDGED, tag)
        client.srem(STARTED, tag)
        return
    give_back = client.register_script(GIVE_BACK)
    give_back(keys=[KOMBU_UNACKNOWLEDGED, STARTED], args=[tag, queue, payload, "RPUSH"])
