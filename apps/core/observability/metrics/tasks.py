"""Counts what tasks do."""

from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Task
from celery.signals import task_failure
from django.dispatch import receiver
from prometheus_client import Counter, Histogram

from apps.core.signals import task_ended

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)

_duration = Histogram("celery_task_duration_seconds", "Runs of tasks, by time", ["task", "state"], buckets=_BUCKETS)
_killed = Counter("celery_tasks_killed", "Runs that took their process with them, or were stopped for good", ["task"])


@receiver(task_ended)
def count_run(task: str, line: dict[str, Any], **_kwargs: Any) -> None:
    _duration.labels(task, line["state"]).observe(line["duration_ms"] / 1000)


@task_failure.connect
def count_killed(sender: Task[Any, Any], exception: BaseException, **_kwargs: Any) -> None:
    # The worker itself tells: the process that ran the task is no more.
    if isinstance(exception, TimeLimitExceeded | WorkerLostError):
        _killed.labels(sender.name).inc()
