"""Results in Postgres, through connections that are kept from task to task and that may have been cut meanwhile."""

from contextlib import nullcontext
from typing import Any

from celery import states
from celery.signals import task_postrun, task_prerun
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django_celery_results.backends import DatabaseBackend
from django_celery_results.models import TaskResult


class PatientDatabaseBackend(DatabaseBackend):  # type: ignore[misc] # its package has no types
    """Try again when Postgres is away; Celery asks here which errors that helps against."""

    def exception_safe_to_retry(self, exc: Exception) -> bool:
        away = isinstance(exc, InterfaceError | OperationalError)
        if away:
            connection.close()
        return away

    def _store_result(self, task_id: str, result: Any, status: str, *args: Any, **kwargs: Any) -> Any:
        # The next run of a task may be done before this one could say that there will be one: it waited for
        # Postgres, or lost its broker. What is done stays done.
        with transaction.atomic() if status == states.RETRY else nullcontext():
            if status == states.RETRY and _is_done(task_id):
                return result
            return super()._store_result(task_id, result, status, *args, **kwargs)


def _is_done(task_id: str) -> bool:
    row = TaskResult.objects.select_for_update().filter(task_id=task_id).first()
    return row is not None and row.status == states.SUCCESS


@task_prerun.connect
@task_postrun.connect
def check_connections(task: Any, **_kwargs: Any) -> None:
    """Do for a task what Django does for a request: let go of what is old or broken, test the rest at its first use.

    A task that is called in the middle of something, as eager ones are, leaves the caller's transaction alone.
    """
    if not getattr(task.request, "is_eager", False):
        close_old_connections()
