"""The state of background work: queues, running tasks, what is due, what failed in the last hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from celery import current_app, states
from django.db.models import Count, Max
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from apps.core.background import dead_letters, queues
from apps.core.models import DeadLetter

# Workers respond at once; there is no point in waiting longer for one that does not.
REPLY_SECONDS = 0.5


Rows = list[tuple[str, ...]]


class Section(NamedTuple):
    """A part of the page; alarming rows report that something went wrong."""

    title: str
    rows: Rows
    alarming: bool = False


def overview() -> Iterator[Section]:
    """Yield the parts of the page."""
    inspect = current_app.control.inspect(timeout=REPLY_SECONDS)
    active = inspect.active() or {}
    yield Section("queues", _queues())
    yield Section("workers", [(name,) for name in sorted(active)] or [("no worker answers",)], alarming=not active)
    yield Section("running", [_running(task) for tasks in active.values() for task in tasks])
    yield Section("leases", [row for lease in queues.leases() for row in _lease(lease)])
    yield Section("waiting for their time", [_delayed(task) for task in queues.next_delayed()])
    yield Section("schedules", [_schedule(entry) for entry in PeriodicTask.objects.order_by("name")])
    yield Section("failed in the last hour", _failed(), alarming=True)
    yield Section("put aside, since it was no task", _put_aside(), alarming=True)


def _queues() -> Rows:
    found = queues.lengths()
    # With workers: running, or lost with a worker and not yet redelivered.
    others = [("with workers", found.unacknowledged), ("waiting for their time", found.delayed)]
    return [(name, str(length)) for name, length in [*found.waiting.items(), *others]]


def _running(task: Any) -> tuple[str, ...]:
    since = f"{timezone.now().timestamp() - task['time_start']:.0f} s" if task["time_start"] else "starting"
    return task["name"], since, task["id"]


def _lease(lease: queues.LeaseState) -> Rows:
    state = "has run out, its tasks are being returned" if lease.is_lost else f"renewed {lease.renewed:.0f} s ago"
    more = [("", f"and {lease.held - len(lease.tasks)} more")] if lease.held > len(lease.tasks) else []
    head = (lease.node, f"holds {lease.held}", f"since {lease.since:%Y-%m-%d %H:%M:%S}", state)
    return [head, *(("", *task) for task in lease.tasks), *more]


def _delayed(task: queues.DelayedTask) -> tuple[str, ...]:
    return task.task.name, f"due {task.due:%Y-%m-%d %H:%M:%S}", task.task.id


def _schedule(entry: PeriodicTask) -> tuple[str, ...]:
    last = f"last run {entry.last_run_at:%Y-%m-%d %H:%M}" if entry.last_run_at else "has not run"
    return entry.name, _next(entry) if entry.enabled else "off", last


def _next(entry: PeriodicTask) -> str:
    last = (entry.last_run_at or entry.date_changed).astimezone(UTC)
    # Rounded to the minute: the estimate counts from a moment that has passed.
    due = datetime.now(UTC) + entry.schedule.remaining_estimate(last) + timedelta(seconds=30)
    return f"due {due:%Y-%m-%d %H:%M}"


def _failed() -> Rows:
    failed = TaskResult.objects.filter(status=states.FAILURE, date_done__gte=timezone.now() - timedelta(hours=1))
    names = failed.values("task_name").annotate(count=Count("id"), last=Max("date_done")).order_by("-count")
    return [(row["task_name"] or "(no name)", str(row["count"]), f"last {row['last']:%H:%M:%S}") for row in names]


def _put_aside() -> Rows:
    dead_letters.collect()
    reasons = DeadLetter.objects.values("queue", "reason").annotate(count=Count("id"), last=Max("put_aside"))
    rows = reasons.order_by("-last")[:10]
    return [(row["queue"], row["reason"], str(row["count"]), f"last {row['last']:%Y-%m-%d %H:%M}") for row in rows]
