"""Heartbeats that expire: one of beat, and one of the workers.

A worker may respond to a ping although it no longer consumes. So each process that has run a task writes the heartbeat
of the workers, and beat sends a task that does nothing while the queue is empty. Without beat nothing is known.
"""

import time
from contextlib import suppress
from typing import Any

from celery.signals import task_postrun
from django.conf import settings
from django.core.cache import cache
from redis import RedisError

BEAT = "beat:heartbeat"
WORKER = "worker:heartbeat"
# Beat writes every second (beat_max_loop_interval), unless a tick takes longer.
LIFETIME_SECONDS = 5
# After this many intervals without a task the heartbeat of the workers expires.
MISSED_HEARTBEATS = 3

# When this process writes its next heartbeat.
_next = 0.0


def show_beat() -> None:
    if not cache.touch(BEAT, LIFETIME_SECONDS):
        # Beat did not run, and sent no tasks: give the workers time.
        show_worker()
        cache.set(BEAT, 1, LIFETIME_SECONDS)


def show_worker() -> None:
    cache.set(WORKER, 1, MISSED_HEARTBEATS * settings.TASK_HEARTBEAT)


def tasks_are_taken() -> bool:
    """Return whether some worker has run a task recently; True without beat, since nothing is known then."""
    found = cache.get_many([BEAT, WORKER])
    return WORKER in found or BEAT not in found


@task_postrun.connect
def has_run(task: Any, **_kwargs: Any) -> None:
    """Write the heartbeat, not so often that it slows down small tasks."""
    global _next  # noqa: PLW0603 - of this process
    if time.monotonic() < _next or task.request.is_eager:
        return
    _next = time.monotonic() + settings.TASK_HEARTBEAT / 2
    with suppress(RedisError):
        show_worker()
