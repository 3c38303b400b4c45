"""Counts what beat sends."""

from typing import Any

from celery.signals import after_task_publish
from prometheus_client import Counter

_sent = Counter("celery_beat_tasks", "Tasks that beat has sent", ["task"])


@after_task_publish.connect
def count_sent(sender: str, **_kwargs: Any) -> None:
    _sent.labels(sender).inc()
