"""Runs a failed task again, with the same arguments."""

from celery import current_app, states
from django.db import transaction
from django_celery_results.models import TaskResult
from kombu.utils.json import loads

from apps.core.models import FailedTask


class NotRunAgainError(Exception):
    """The task cannot be run again; the text says why."""


def run_again(*, result: TaskResult) -> None:
    """Send a failed task again, under its own id, so that its owner sees the new result.

    Raises NotRunAgainError for a task that has not failed, that the code no longer has, whose arguments are not
    stored, or that was part of a canvas, whose other parts have gone on or ended without it.
    """
    if result.status != states.FAILURE:
        raise NotRunAgainError("only a task that has failed is run again.")
    task = current_app.tasks.get(result.task_name)
    if task is None:
        raise NotRunAgainError(f"there is no task {result.task_name}.")
    stored = FailedTask.objects.filter(task_id=result.task_id).first()
    if stored is None:
        raise NotRunAgainError("its arguments are not stored.")
    if not stored.queue:
        raise NotRunAgainError("it was part of a group, chain or chord. Send that again.")
    args, kwargs = loads(stored.arguments)
    with transaction.atomic():
        stored.delete()
        if task.ignore_result:
            # Its success is not stored: the failure would stay on record.
            result.delete()
        task.apply_async(args, kwargs, task_id=result.task_id, queue=stored.queue)
