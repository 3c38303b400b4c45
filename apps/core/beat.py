"""Celery's beat, which shows that it lives."""

import logging
import time
from typing import Any

from django.core.cache import cache
from django_celery_beat.schedulers import DatabaseScheduler
from redis import RedisError

from apps.core.schedules import write_schedules

logger = logging.getLogger(__name__)

HEARTBEAT = "beat:heartbeat"
# Seconds. Beat writes every second (beat_max_loop_interval), unless a tick takes longer.
LIFETIME = 5


class HeartbeatScheduler(DatabaseScheduler):  # type: ignore[misc] # its package has no types
    """Take the schedule from the database; leave a sign of life in the cache at every tick."""

    _redis_is_away = False

    def setup_schedule(self) -> None:
        # Without Celery's default entries: what runs is what the code says. A schedule may have changed without a
        # migration, so it is written here, too.
        write_schedules()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._show_life()
        delay: float = super().tick(*args, **kwargs)
        return delay

    def _show_life(self) -> None:
        try:
            cache.set(HEARTBEAT, time.time(), LIFETIME)
        except RedisError as error:
            if not self._redis_is_away:
                logger.warning("Redis is away: no heartbeat", extra={"error": type(error).__name__})
            self._redis_is_away = True
        else:
            self._redis_is_away = False
