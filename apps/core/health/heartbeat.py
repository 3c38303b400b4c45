"""Signs of life that fade: beat's, and one that says that workers take tasks.

A worker may answer whoever asks it, and take no task all the same. So whichever process has run a task leaves a sign;
and beat, where nothing waits to be taken, sends a task that does nothing. Without beat nobody can tell.
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
# Seconds. Beat writes every second (beat_max_loop_interval), unless a tick takes longer.
LIFETIME = 5
# Heartbeats that the workers' sign outlives.
MISSED = 3

# When this process may leave its next sign.
_next = 0.0


def show_beat() -> None:
    if not cache.touch(BEAT, LIFETIME):
        # It was away, and sent nothing: workers are given time.
        show_worker()
        cache.set(BEAT, 1, LIFETIME)


def show_worker() -> None:
    cache.set(WORKER, 1, MISSED * settings.TASK_HEARTBEAT)


def tasks_are_taken() -> bool:
    """Return whether some worker has run a task of late; without beat that is taken on trust."""
    found = cache.get_many([BEAT, WORKER])
    return WORKER in found or BEAT not in found


@task_postrun.connect
def has_run(task: Any, **_kwargs: Any) -> None:
    """Leave the sign, not so often that it would slow down small tasks."""
    global _next  # noqa: PLW0603 - of this process
    if time.monotonic() < _next or task.request.is_eager:
        return
    _next = time.monotonic() + settings.TASK_HEARTBEAT / 2
    with suppress(RedisError):
        show_worker()
