"""The project's Celery, with all of its settings."""

import django

from conf.celery import app

django.setup()

from apps.core.tasks import BaseTaskWithRetry  # noqa: E402 - it needs the settings


@app.task(base=BaseTaskWithRetry, ignore_result=True)
def noop() -> None:
    pass


@app.task(base=BaseTaskWithRetry)
def noop_with_result() -> None:
    pass
