"""Celery's beat, which shows that it lives, and sees to it that workers can."""

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

# Seconds until beat tries again whether Redis is back.
PAUSE = 0.25


class HeartbeatScheduler(DatabaseScheduler):  # type: ignore[misc] # its package has no types
    """Take the schedule from the database; leave a sign of life in the cache at every tick."""

    _redis_is_away = False
    _next_task = 0.0

    def setup_schedule(self) -> None:
        # Without Celery's default entries: what runs is what the code says. A schedule may have changed without a
        # migration, so it is written here, too.
        write_schedules()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._show_life()
        delay: float = super().tick(*args, **kwargs)
        return min(delay, PAUSE) if self._redis_is_away else delay

    def _show_life(self) -> None:
        try:
            heartbeat.show_beat()
            self._give_workers_something_to_do()
        except (RedisError, OperationalError) as error:
            if not self._redis_is_away:
                logger.warning("Redis is away: no heartbeat", extra={"error": type(error).__name__})
            self._redis_is_away = True
        else:
            self._redis_is_away = False

    def _give_workers_something_to_do(self) -> None:
        if time.monotonic() < self._next_task:
            return
        # What waits already does as well; and nothing piles up while there is no worker.
        if not queues.lengths().waiting[self.app.conf.task_default_queue]:
            # By its name: the tasks build on this package.
            self.app.tasks["apps.core.tasks.do_nothing"].delay()
        self._next_task = time.monotonic() + settings.TASK_HEARTBEAT
