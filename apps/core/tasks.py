"""The base class of all tasks, one task to try the queue with, and those that purge."""

import logging
import time
from datetime import UTC, datetime
from typing import Any

from celery import current_app, shared_task
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Reject
from django.conf import settings
from django.utils import timezone
from django_celery_results.models import ChordCounter, GroupResult, TaskResult  # type: ignore[attr-defined] # newer than its stubs
from knox.models import get_token_model

from apps.core.background.broker.storage import times_lost
from apps.core.background.idempotency import RETENTION
from apps.core.models import DeadLetter, Effect, FailedTask, StartedTask

logger = logging.getLogger("django.info")

# How often a task is delivered whose process or worker dies each time.
MAX_DELIVERIES = 3


class PoisonError(Exception):
    """The task's process or worker died at every delivery; it is not delivered again."""


class BaseTaskWithRetry(DjangoTask):  # type: ignore[type-arg] # generic for type checkers alone
    """Retry a task that fails: up to 3 times, after up to 2, 4 and 8 seconds. Full jitter spreads the load.

    List the exceptions after which a retry cannot succeed::

        @shared_task(base=BaseTaskWithRetry, dont_autoretry_for=(InvalidAddress,))

    Arguments are ids, never objects, links or secrets: they are stored with the result. A task may run twice, since
    its worker may die before it acknowledges: see apps/core/background/idempotency.py.
    """

    autoretry_for = (Exception,)
    dont_autoretry_for: tuple[type[Exception], ...] = ()
    max_retries = 3
    retry_backoff = 2
    retry_backoff_max = 60
    retry_jitter = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Log the start. Raises PoisonError, which is not retried, for a task that has killed its process each time."""
        lost = times_lost(self.request)
        logger.info("task started", extra={"retries": self.request.retries, "times_lost": lost})
        if lost >= MAX_DELIVERIES:
            raise PoisonError(f"Its process or worker died, or it was put back, {lost} times.")

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task. Without leases, raises ValueError if it would wait longer than the visibility timeout."""
        limit = self.app.conf.visibility_timeout
        if not settings.TASK_LEASES and _wait(options.get("countdown"), options.get("eta")) >= limit:
            hint = "Let a schedule look for what is due (apps/core/background/schedules.py), or set TASK_LEASES=true."
            raise ValueError(f"A task cannot wait for {limit} s or more: it would be delivered again and again. {hint}")
        return super().apply_async(*args, **options)

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """Retry later. If the broker is unavailable, return the task to its queue; Celery would drop it.

        A task that raises Reject decides for itself.
        """
        if isinstance(kwargs.get("exc"), Reject):
            raise kwargs["exc"]
        try:
            return super().retry(*args, **kwargs)
        except Reject as reject:
            raise Reject(reject.args[0], requeue=True) from reject


def _wait(countdown: float | None, eta: datetime | None) -> float:
    return (eta - datetime.now(UTC)).total_seconds() if eta else countdown or 0


@shared_task(base=BaseTaskWithRetry)
def measure_wait(sent_at: float) -> dict[str, float]:
    """Return how long this task waited for a worker."""
    waited_ms = round((time.time() - sent_at) * 1000, 1)
    logger.info("Measured how long a task waits", extra={"waited_ms": waited_ms})
    return {"waited_ms": waited_ms}


@shared_task(base=DjangoTask, ignore_result=True, quiet=True)
def do_nothing() -> None:
    """Do nothing. Beat sends this task to see whether workers consume (see apps/core/health/heartbeat.py)."""


@shared_task(base=BaseTaskWithRetry)
def purge_tokens() -> int:
    """Delete the tokens that have expired; return how many."""
    return int(get_token_model().objects.filter(expiry__lt=timezone.now()).delete()[0])


@shared_task(base=BaseTaskWithRetry)
def purge_effects() -> int:
    """Delete idempotency keys after their retention; return how many."""
    return int(Effect.objects.filter(created__lt=timezone.now() - RETENTION).delete()[0])


@shared_task(base=BaseTaskWithRetry)
def purge_results() -> int:
    """Delete results, their owners and dead letters after `result_expires`; return how many."""
    before = timezone.now() - current_app.conf.result_expires
    purged = StartedTask.objects.filter(created__lt=before).delete()[0]
    purged += FailedTask.objects.filter(created__lt=before).delete()[0]
    purged += DeadLetter.objects.filter(put_aside__lt=before).delete()[0]
    purged += GroupResult.objects.filter(date_done__lt=before).delete()[0]
    purged += TaskResult.objects.filter(date_done__lt=before).delete()[0]
    # The counter of a chord has no date, but its group has the same id.
    groups = GroupResult.objects.values("group_id")
    return int(purged + ChordCounter.objects.exclude(group_id__in=groups).delete()[0])
