"""How many tasks wait in the broker."""

import redis

from conf import local
from stack.environment import Environment

# What workers have taken and not finished (kombu keeps it to give it back when they die).
_TAKEN = "unacked"


def lengths(settings: Environment) -> dict[str, int]:
    """Return how many tasks wait in each queue that is not empty, and how many are taken; empty without Redis."""
    url = local.redis_url("broker", base=settings.redis_url)
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True) as client:
            # Queues are lists, and so are the answers of workers to who asks for them.
            names = [name for name in client.scan_iter(_type="list") if not name.endswith((".pidbox", ":hint"))]
            waiting = {name: int(client.llen(name)) for name in sorted(names)}
            return waiting | {"taken": int(client.hlen(_TAKEN))}
    except redis.RedisError:
        return {}
