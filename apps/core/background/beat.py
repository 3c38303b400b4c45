"""Celery's beat with a heartbeat of its own, and one for the workers."""

import logging
import time
from typing import Any

from django.conf import settings
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.core.background import queues
from apps.core.background.schedules import write_schedules
from apps.core.health import heartbeat

logger = logging.getLogger(__name__)

# Seconds until beat tries again to reach Redis.
RETRY_SECONDS = 0.25


class HeartbeatScheduler(DatabaseScheduler):  # type: ignore[misc] # its package has no types
    """Read the schedule from the database; write a heartbeat into the cache at every tick."""

    _redis_is_unavailable = False
    _next_task = 0.0

    def setup_schedule(self) -> None:
        # Without Celery's default entries: the code alone defines what runs. Written here, too, since a schedule may
        # have changed without a migration.
        write_schedules()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._beat()
        delay: float = super().tick(*args, **kwargs)
        return min(delay, RETRY_SECONDS) if self._redis_is_unavailable else delay

    def _beat(self) -> None:
        try:
            heartbeat.show_beat()
            self._send_heartbeat_task()
        except (RedisError, OperationalError) as error:
            if not self._redis_is_unavailable:
                logger.warning("Redis is unavailable: no heartbeat", extra={"error": type(error).__name__})
            self._redis_is_unavailable = True
        else:
            self._redis_is_unavailable = False

    def _send_heartbeat_task(self) -> None:
        if time.monotonic() < self._next_task:
            return
        # A task that waits already serves as well, and nothing piles up while there is no worker.
        if not queues.lengths().waiting[self.app.conf.task_default_queue]:
            # By its name: the tasks build on this package.
            self.app.tasks["apps.core.tasks.do_nothing"].delay()
        self._next_task = time.monotonic() + settings.TASK_HEARTBEAT
