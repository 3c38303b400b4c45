"""With Kombu's own transport (TASK_LEASES=false), brings what the leases and the delayed tasks had back to the queues.

Workers of both transports may run side by side meanwhile. The thread ends when nothing is left.
"""

import logging
import threading
import time
from typing import Any

from celery import current_app
from django.conf import settings
from redis import RedisError

from apps.core.background.broker import storage
from apps.core.background.broker.reclaim import Reclaimer
from apps.core.redis_errors import is_in_script
from checkout.queues import DELAYED, LEASES, LOST_LEASES

logger = logging.getLogger("django.info")

_PAUSE = 1.0


def begin() -> None:
    """Start the thread in a worker that has Kombu's own transport."""
    if not settings.TASK_LEASES:
        threading.Thread(target=_run, name="way back", daemon=True).start()


def _run() -> None:
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client  # type: ignore[attr-defined] # Redis' channels have one
        drain = Drain(client)
        while True:
            try:
                if drain.step():
                    return
            except (RedisError, OSError) as error:
                if is_in_script(error):
                    logger.exception("A script of the broker has failed")
                logger.warning("Redis is unavailable: nothing is moved", extra={"error": type(error).__name__})
            time.sleep(_PAUSE)


class Drain:
    """Moves what is due and what dead workers have left. client: a redis.Redis."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # What Kombu's own workers hold, their own transport returns.
        self._reclaimer = Reclaimer(client, visibility_timeout=float("inf"))
        self._move_due = client.register_script(storage.MOVE_DUE)

    def step(self) -> bool:
        """Move what can be moved now; return whether nothing is left. Raises RedisError."""
        self._reclaimer.look()
        self._move_due(keys=[DELAYED])
        return not self._client.exists(LEASES, LOST_LEASES, DELAYED)
