"""Celery as it comes: its defaults, no result backend."""

import os

from celery import Celery

app = Celery("stock", broker=os.environ["BENCH_BROKER_URL"])


@app.task
def noop() -> None:
    pass
