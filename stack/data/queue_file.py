"""What waits in the broker, in a file: every key of its Redis database, as Redis itself writes it."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import redis

from checkout import queues, servers
from stack.errors import StackError

# Seconds; longer than any queue takes.
_TIMEOUT = 60


def client(purpose: str) -> "redis.Redis":
    """Return a client of the checkout's own Redis."""
    return redis.Redis.from_url(servers.redis_url(purpose), socket_timeout=_TIMEOUT)


def waiting() -> int:
    """Return how many tasks wait, also for their time."""
    with client("broker") as broker:
        found = queues.lengths(broker)
    return sum(found.waiting.values()) + found.delayed + found.unacknowledged


def save(path: Path) -> None:
    """Write the keys into a file, completely or not at all. Nobody may change them meanwhile."""
    partial = path.with_name(f"{path.name}.partial")
    with client("broker") as broker, partial.open("w", encoding="ascii") as file:
        partial.chmod(0o600)
        for key in broker.scan_iter(count=1000):
            expires, value = broker.pttl(key), broker.dump(key)
            if value is not None:
                row = [_text(key), max(0, int(expires)), _text(value)]
                file.write(f"{json.dumps(row)}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def load(path: Path) -> None:
    """Replace all keys by those of a file, in one step; again, if it was interrupted. No file means no keys."""
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    with client("broker") as broker, broker.pipeline(transaction=True) as step:
        step.flushdb()
        for line in lines:
            key, expires, value = json.loads(line)
            step.restore(base64.b64decode(key), expires, base64.b64decode(value))
        try:
            step.execute()
        except redis.ResponseError as error:
            raise StackError(f"Redis does not take the queue back ({error}). It is in {path}") from error


def forget_cache() -> None:
    """Empty the cache, which is about other rows."""
    with client("cache") as cache:
        cache.flushdb()


def _text(value: Any) -> str:
    return base64.b64encode(value).decode("ascii")
