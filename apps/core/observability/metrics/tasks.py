"""Counts what tasks do."""

import time
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Task
from celery.signals import task_failure, task_prerun
from django.dispatch import receiver
from prometheus_client import Counter, Histogram

from apps.core.background.broker.storage import READY_AT
from apps.core.signals import task_ended

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)

_duration = Histogram("celery_task_duration_seconds", "Runs of tasks, by time", ["task", "state"], buckets=_BUCKETS)
_wait = Histogram("celery_task_wait_seconds", "How long tasks waited for a worker", ["queue"], buckets=_BUCKETS)
_killed = Counter("celery_tasks_killed", "Runs that took their process with them, or were stopped for good", ["task"])


@receiver(task_ended)
def count_run(task: str, line: dict[str, Any], **_kwargs: Any) -> None:
    _duration.labels(task, line["state"]).observe(line["duration_ms"] / 1000)


@task_prerun.connect
def observe_wait(task: Task[Any, Any], **_kwargs: Any) -> None:
    properties = getattr(task.request, "properties", None) or {}
    ready_at, queue = properties.get(READY_AT), (task.request.delivery_info or {}).get("routing_key")
    if isinstance(ready_at, int | float) and queue:
        # Of two machines, whose clocks may differ.
        _wait.labels(queue).observe(max(0.0, time.time() - ready_at))


@task_failure.connect
def count_killed(sender: Task[Any, Any], exception: BaseException, **_kwargs: Any) -> None:
    # The worker itself tells: the process that ran the task is no more.
    if isinstance(exception, TimeLimitExceeded | WorkerLostError):
        _killed.labels(sender.name).inc()
