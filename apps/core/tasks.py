"""The base of all tasks, and a small one to see the queue work."""

import logging
import time

from celery import Task, shared_task

logger = logging.getLogger(__name__)


class BaseTaskWithRetry(Task):  # type: ignore[type-arg] # generic for type checkers alone
    """Try again when a task fails: up to 3 times, after up to 2, 4 and 8 seconds (full jitter spreads the load).

    A task that cannot succeed the next time either names the exceptions that say so::

        @shared_task(base=BaseTaskWithRetry, dont_autoretry_for=(InvalidAddress,))

    Arguments are ids, never objects, links or secrets: they are stored with the result. A task may run twice
    (its worker died before it could acknowledge), so its effects have to bear that.
    """

    autoretry_for = (Exception,)
    dont_autoretry_for: tuple[type[Exception], ...] = ()
    max_retries = 3
    retry_backoff = 2
    retry_backoff_max = 60
    retry_jitter = True


@shared_task(base=BaseTaskWithRetry)
def measure_wait(sent_at: float) -> dict[str, float]:
    """Return how long this task waited for a worker."""
    waited_ms = round((time.time() - sent_at) * 1000, 1)
    logger.info("Measured how long a task waits", extra={"waited_ms": waited_ms})
    return {"waited_ms": waited_ms}
