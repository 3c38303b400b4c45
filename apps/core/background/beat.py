"""Celery's beat with heartbeats, of which any number may run: each occurrence of a schedule is sent once.

Beats do not elect a leader. Each computes what is due, and claims an occurrence in Postgres before it sends it, by a
compare-and-swap on the schedule's last run: an UPDATE with a condition, which works through a transaction pool, and
does not make other beats reload the schedule. If one beat dies, the others go on at once.

A claim is given back if the broker is unavailable, and the occurrence is sent when it is available again. A beat that
dies between claim and send, a few milliseconds, loses this one occurrence; sending first would send it twice.
"""

import logging
import time
from typing import Any

from celery.beat import SchedulingError
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.core.background import queues
from apps.core.background.schedules import write_schedules
from apps.core.health import heartbeat, sign_of_life

logger = logging.getLogger(__name__)

# Seconds until beat tries again to reach Redis or Postgres.
RETRY_SECONDS = 0.25
_UNAVAILABLE = (RedisError, OperationalError)


class Occurrence(ModelEntry):  # type: ignore[misc] # its package has no types
    """A schedule, and what its row says of the last run: the base class fills in a time if there was none."""

    def __init__(self, model: PeriodicTask, app: Any = None) -> None:
        if not hasattr(model, "stored_last_run_at"):
            model.stored_last_run_at = model.last_run_at
        super().__init__(model, app=app)


class HeartbeatScheduler(DatabaseScheduler):  # type: ignore[misc]
    """Read the schedule from the database; write a heartbeat into the cache at every tick."""

    Entry = Occurrence
    _schedule: dict[str, Occurrence]
    _redis_is_unavailable = False
    _is_postponed = False
    _is_claimed = False
    _next_task = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The schedules whose postponement is logged already.
        self._postponed: set[str] = set()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        # Without Celery's default entries: the code alone defines what runs. Written here, too, since a schedule may
        # have changed without a migration.
        write_schedules()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._beat()
        was_postponed, self._is_postponed = self._is_postponed, False
        if was_postponed:
            # Look again at everything: what was due still is.
            self._heap = None
        delay: float = super().tick(*args, **kwargs)
        if self._is_postponed:
            return RETRY_SECONDS
        return min(delay, RETRY_SECONDS) if self._redis_is_unavailable else delay

    def _ensure_connected(self) -> Any:
        # Celery's own blocks, with a line for each attempt, until the broker is available. Here sending connects.
        return self.connection

    def reserve(self, entry: Occurrence) -> Occurrence:
        """Claim the occurrence that is due, or learn that another beat has."""
        try:
            self._is_claimed = claim(entry.model)
        except (DatabaseError, InterfaceError) as error:
            self._postpone(entry, error)
            self._is_claimed = False
            return entry
        if not self._is_claimed:
            # Another beat has sent it: the next time that it waits is logged again.
            self._postponed.discard(entry.name)
        next_entry = self.Entry(entry.model, app=self.app)
        self._schedule[entry.name] = next_entry
        return next_entry

    def apply_entry(self, entry: Occurrence, producer: Any = None) -> None:
        """Send the occurrence if it was claimed here."""
        if not self._is_claimed:
            return
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not isinstance(error.__context__, _UNAVAILABLE):
                # It would fail the next time, too.
                logger.exception("A scheduled task could not be sent", extra={"schedule": entry.name})
                return
            give_back(entry.model)
            self._schedule[entry.name] = self.Entry(entry.model, app=self.app)
            self._postpone(entry, error.__context__)
        else:
            self._postponed.discard(entry.name)

    def _postpone(self, entry: Occurrence, error: Exception) -> None:
        self._is_postponed = True
        if entry.name not in self._postponed:
            extra = {"schedule": entry.name, "error": type(error).__name__}
            logger.warning("A scheduled task waits: Redis or Postgres is unavailable", extra=extra)
            self._postponed.add(entry.name)

    def _beat(self) -> None:
        sign_of_life.show()
        try:
            heartbeat.show_beat()
            self._send_heartbeat_tasks()
        except _UNAVAILABLE as error:
            if not self._redis_is_unavailable:
                logger.warning("Redis is unavailable: no heartbeat", extra={"error": type(error).__name__})
            self._redis_is_unavailable = True
        else:
            self._redis_is_unavailable = False

    def _send_heartbeat_tasks(self) -> None:
        if time.monotonic() < self._next_task:
            return
        for queue, waiting in queues.lengths().waiting.items():
            # A task that waits already serves as well, and nothing piles up while there is no worker.
            if not waiting:
                # By its name: the tasks build on this package.
                self.app.send_task("apps.core.tasks.do_nothing", queue=queue, ignore_result=True)
        self._next_task = time.monotonic() + settings.TASK_HEARTBEAT


def claim(model: PeriodicTask) -> bool:
    """Record a run of the schedule now, unless somebody has recorded one since the model was loaded.

    Return whether it was recorded. The model has the values of its row afterwards; one whose row is gone is disabled.
    """
    now = timezone.now()
    claimed = PeriodicTask.objects.filter(pk=model.pk, enabled=True, last_run_at=model.stored_last_run_at)
    if model.stored_last_run_at is None:
        claimed = PeriodicTask.objects.filter(pk=model.pk, enabled=True, last_run_at__isnull=True)
    if claimed.update(last_run_at=now, total_run_count=F("total_run_count") + 1):
        model.last_run_before = model.stored_last_run_at
        _set(model, now, model.total_run_count + 1)
        return True
    row = PeriodicTask.objects.filter(pk=model.pk, enabled=True).values_list("last_run_at", "total_run_count").first()
    if row:
        _set(model, *row)
    else:
        model.enabled = False
    return False


def give_back(model: PeriodicTask) -> None:
    """Take back the run that claim() has recorded, unless somebody has recorded another one since."""
    before = model.last_run_before
    try:
        mine = Q(last_run_at=model.stored_last_run_at)
        if model.one_off:
            # Another beat may have disabled it since it had run, which resets its times and its count.
            mine |= Q(last_run_at=None, enabled=False)
        claimed = PeriodicTask.objects.filter(mine, pk=model.pk)
        again = {"enabled": True} if model.one_off else {}
        if claimed.update(last_run_at=before, total_run_count=Greatest(F("total_run_count") - 1, 0), **again):
            _set(model, before, max(model.total_run_count - 1, 0))
            if model.one_off:
                model.enabled = True
                PeriodicTasks.update_changed()
    except (DatabaseError, InterfaceError):
        logger.exception(
            "An occurrence is lost: neither Redis nor Postgres is available", extra={"schedule": model.name}
        )


def _set(model: PeriodicTask, last_run_at: Any, total_run_count: int) -> None:
    model.stored_last_run_at = model.last_run_at = last_run_at
    model.total_run_count = total_run_count
