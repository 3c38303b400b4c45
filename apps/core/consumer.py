"""How a worker comes back to a broker that was away."""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

# Seconds between two tries.
PAUSE = 0.5


class PromptConsumer(Consumer):
    """Try again twice a second: Celery waits two seconds longer each time, up to thirty, and has no setting for it."""

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=PAUSE, interval_step=0, interval_max=PAUSE
        )
        return super().ensure_connected(conn)
