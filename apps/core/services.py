"""What the core does: start a task for a user, and say how it fares."""

from typing import Any
from uuid import uuid4

from celery import Task, states
from django.db import transaction
from django_celery_results.models import TaskResult
from kombu.exceptions import OperationalError
from kombu.utils.json import loads

from apps.core.models import StartedTask


def task_start(*, task: "Task[Any, Any]", user: Any, args: tuple[Any, ...] = ()) -> StartedTask:
    """Send a task that the user may ask about. It is sent when the surrounding transaction is committed.

    The row is written first: whoever knows the id can ask at once, and no task runs for work that was rolled back.
    Where the broker cannot take it, the row goes again and kombu's OperationalError is raised.
    """
    with transaction.atomic():
        started = StartedTask.objects.create(id=uuid4(), user=user, name=task.name)
        transaction.on_commit(lambda: _send(task, args, started))
    return started


def _send(task: "Task[Any, Any]", args: tuple[Any, ...], started: StartedTask) -> None:
    try:
        task.apply_async(args, task_id=str(started.pk))
    except OperationalError:
        started.delete()
        raise


def task_report(*, started: StartedTask) -> dict[str, Any]:
    """Return how a task fares. Of an exception only the name: its text is for the log, and may hold anything."""
    row = TaskResult.objects.filter(task_id=str(started.pk)).first()
    state = row.status if row else states.PENDING
    outcome = loads(row.result) if row and row.result else None
    return {
        "id": started.pk,
        "task": started.name,
        "state": state,
        "result": outcome if state == states.SUCCESS else None,
        "error": outcome["exc_type"] if outcome and state in {states.FAILURE, states.RETRY} else None,
        "created": started.created,
        "started": row.date_started if row else None,  # type: ignore[attr-defined] # newer than its stubs
        "finished": row.date_done if row and state in states.READY_STATES else None,
    }
