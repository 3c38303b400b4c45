"""Heartbeats that expire: one of beat, and one of each queue.

A worker may respond to a ping although it no longer consumes, or consume other queues. So each process that has run a
task writes the heartbeat of its queue, and beat sends a task that does nothing into each queue that is empty. Without
beat nothing is known.
"""

import time
from contextlib import suppress
from typing import Any

from celery import current_app
from celery.signals import task_postrun
from django.conf import settings
from django.core.cache import cache
from redis import RedisError

BEAT = "beat:heartbeat"
# Beat writes every second (beat_max_loop_interval), unless a tick takes longer.
LIFETIME_SECONDS = 5
# After this many intervals without a task the heartbeat of a queue expires.
MISSED_HEARTBEATS = 3

# When this process writes the next heartbeat of a queue, by queue.
_next: dict[str, float] = {}


def queue_key(queue: str) -> str:
    """Return the key of the heartbeat of a queue."""
    return f"queue:heartbeat:{queue}"


def queues() -> list[str]:
    """Return the queues that some worker has to consume: all that are configured."""
    return [queue.name for queue in current_app.conf.task_queues]


def show_beat() -> None:
    """Write the heartbeat of beat."""
    if not cache.touch(BEAT, LIFETIME_SECONDS):
        # Beat did not run, and sent no tasks: give the workers time.
        for queue in queues():
            show_queue(queue)
        cache.set(BEAT, 1, LIFETIME_SECONDS)


def show_queue(queue: str) -> None:
    """Write the heartbeat of a queue."""
    cache.set(queue_key(queue), 1, MISSED_HEARTBEATS * settings.TASK_HEARTBEAT)


def silent_queues() -> list[str]:
    """Return the queues of which no task has run recently; none without beat, since nothing is known then."""
    keys = {queue_key(queue): queue for queue in queues()}
    found = cache.get_many([BEAT, *keys])
    return [queue for key, queue in keys.items() if key not in found] if BEAT in found else []


@task_postrun.connect
def has_run(task: Any, **_kwargs: Any) -> None:
    """Write the heartbeat of the task's queue, not so often that it slows down small tasks."""
    queue = (task.request.delivery_info or {}).get("routing_key") or ""
    if task.request.is_eager or time.monotonic() < _next.get(queue, 0.0) or queue not in queues():
        return
    _next[queue] = time.monotonic() + settings.TASK_HEARTBEAT / 2
    with suppress(RedisError):
        show_queue(queue)
