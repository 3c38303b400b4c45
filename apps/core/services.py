"""What the core does: start a task for a user, and say how it fares."""

from typing import Any
from uuid import uuid4

from celery import Task, states
from django.db import transaction
from django_celery_results.models import TaskResult
from kombu.exceptions import EncodeError, OperationalError
from kombu.utils.json import loads

from apps.core.background.results import require_readable
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


# Whatever is stored, by whichever version of the code, must not break the answer.
UNREADABLE = "UnreadableResult"


def task_report(*, started: StartedTask) -> dict[str, Any]:
    """Return how a task fares. Of an exception only the name: its text is for the log, and may hold anything."""
    row = TaskResult.objects.filter(task_id=str(started.pk)).first()
    state = row.status if row else states.PENDING
    result, error = _outcome(row) if row else (None, None)
    return {
        "id": started.pk,
        "task": started.name,
        "state": state,
        "result": result,
        "error": error,
        "created": started.created,
        "started": row.date_started if row else None,  # type: ignore[attr-defined] # newer than its stubs
        "finished": row.date_done if row and state in {*states.READY_STATES, states.IGNORED} else None,
    }


def _outcome(row: TaskResult) -> tuple[Any, str | None]:
    """Return result and kind of error."""
    if not row.result:
        return None, None
    try:
        outcome = loads(row.result)
        if row.status == states.SUCCESS:
            require_readable(outcome)
            return outcome, None
        if row.status in {states.FAILURE, states.RETRY}:
            return None, str(outcome["exc_type"])
    except (EncodeError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None, UNREADABLE
    return None, None
