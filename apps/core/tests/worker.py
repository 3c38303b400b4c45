"""A real worker, in a thread of this process, on the real queue: for the tests of a module marked WITH_A_WORKER."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun
from django.db import connections

WITH_A_WORKER = [
    pytest.mark.usefixtures("worker"),
    # The worker sees only what is committed.
    pytest.mark.django_db(transaction=True),
    # Celery's worker does not close all of its sockets when it ends in a thread.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


# One for all tests of a module, that need not wait out a second before it stops.
@pytest.fixture(scope="module")
def worker(django_db_setup: None) -> Iterator[None]:
    # Here, what is wrong with a task is an error with a traceback; in the worker's thread nobody would see it.
    current_app.loader.import_default_modules()
    current_app.finalize()
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
    task_postrun.connect(close_connections)
    options = {**current_app.conf.broker_transport_options, "polling_interval": 0.1}
    with (
        mock.patch.dict(current_app.conf, broker_transport_options=options),
        start_worker(current_app, pool="solo", perform_ping_check=False, shutdown_timeout=20),
    ):
        yield
    task_postrun.disconnect(close_connections)


def close_connections(**_kwargs: object) -> None:
    """A worker keeps its connection, and a thread's would outlive it: the database could not be dropped."""
    connections.close_all()


def finished(task_id: str) -> Any:
    """Wait for a task, whatever becomes of it."""
    result = current_app.AsyncResult(task_id)
    result.get(timeout=10, propagate=False, interval=0.02)
    return result
