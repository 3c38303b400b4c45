"""To run a failed task again, with the arguments that its result holds."""

import ast
import json
from typing import Any

from celery import current_app, states
from django_celery_results.models import TaskResult


class NotRunAgainError(Exception):
    """Why a task cannot be run again; the text is for people."""


def run_again(*, result: TaskResult) -> None:
    """Send a failed task again, under its own id: whoever started it sees what becomes of it.

    Raises NotRunAgainError for a task that has not failed, that the code no longer has, or whose arguments were too
    long to be kept whole.
    """
    if result.status != states.FAILURE:
        raise NotRunAgainError("only a task that has failed is run again.")
    task = current_app.tasks.get(result.task_name)
    if task is None:
        raise NotRunAgainError(f"there is no task {result.task_name}.")
    args, kwargs = _read(result.task_args, ()), _read(result.task_kwargs, {})
    task.apply_async(args, kwargs, task_id=result.task_id)


def _read(stored: str | None, default: Any) -> Any:
    """Return the value that Celery has stored as the JSON of its representation."""
    try:
        return ast.literal_eval(json.loads(stored)) if stored else default
    except (ValueError, SyntaxError):
        raise NotRunAgainError("its arguments were not kept whole.") from None
