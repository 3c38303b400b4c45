"""Mails, which make their links here: what waits in the queue, or is stored with a result, opens nothing."""

from typing import Any

from celery import Task, shared_task

from apps.core.background.idempotency import once
from apps.core.tasks import BaseTaskWithRetry
from apps.users import mails
from apps.users.models import CustomUser


@shared_task(base=BaseTaskWithRetry, bind=True, ignore_result=True)
def send_registration(task: "Task[Any, Any]", user_id: int) -> None:
    """Mail a link that verifies; to who is verified already, that there is an account."""
    _send(task, user_id, mails.registration)


@shared_task(base=BaseTaskWithRetry, bind=True, ignore_result=True)
def send_password_reset(task: "Task[Any, Any]", user_id: int | None) -> None:
    """Mail a link to a new password. For an address that nobody has, this task is sent, too, without an id."""
    _send(task, user_id, mails.password_reset)


def _send(task: "Task[Any, Any]", user_id: int | None, write: Any) -> None:
    user = CustomUser.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return
    with once(f"mail:{task.request.id}") as first:
        if first:
            write(user).send()
