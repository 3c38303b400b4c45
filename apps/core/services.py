"""Starts a task for a user, and reports its state."""

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
    """Send a task whose state the user may ask for. It is sent when the surrounding transaction is committed.

    The row is written first: who knows the id can ask at once, and no task runs for work that was rolled back. If the
    broker is unavailable, the row is deleted again and kombu's OperationalError is raised.
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


# A stored result must not break the response, whichever version of the code has written it.
UNREADABLE = "UnreadableResult"


def task_report(*, started: StartedTask) -> dict[str, Any]:
    """Return the state of a task. Of an exception only its name: its text may be secret, and is in the log."""
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
