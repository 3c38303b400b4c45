"""Results in Postgres, through connections that are kept from task to task and that may have been cut meanwhile."""

from typing import Any

from celery.signals import task_postrun, task_prerun
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django_celery_results.backends import DatabaseBackend


class PatientDatabaseBackend(DatabaseBackend):  # type: ignore[misc] # its package has no types
    """Try again when Postgres is away; Celery asks here which errors that helps against."""

    def exception_safe_to_retry(self, exc: Exception) -> bool:
        away = isinstance(exc, InterfaceError | OperationalError)
        if away:
            connection.close()
        return away


@task_prerun.connect
@task_postrun.connect
def check_connections(task: Any, **_kwargs: Any) -> None:
    """Do for a task what Django does for a request: let go of what is old or broken, test the rest at its first use.

    A task that is called in the middle of something, as eager ones are, leaves the caller's transaction alone.
    """
    if not getattr(task.request, "is_eager", False):
        close_old_connections()
