"""Tasks that send mails. They create the links, so that no link is in the queue or in a stored result."""

from typing import Any

from celery import Task, shared_task

from apps.core.background.idempotency import once
from apps.core.tasks import BaseTaskWithRetry
from apps.users import mail
from apps.users.models import CustomUser


@shared_task(base=BaseTaskWithRetry, bind=True, ignore_result=True)
def send_registration(task: "Task[Any, Any]", user_id: int) -> None:
    """Mail a link that verifies the address; to a verified user, that the account exists."""
    _send(task, user_id, mail.registration)


@shared_task(base=BaseTaskWithRetry, bind=True, ignore_result=True)
def send_password_reset(task: "Task[Any, Any]", user_id: int | None) -> None:
    """Mail a link to set a new password. For an unknown address the task is sent, too, without an id."""
    _send(task, user_id, mail.password_reset)


def _send(task: "Task[Any, Any]", user_id: int | None, write: Any) -> None:
    user = CustomUser.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return
    with once(f"mail:{task.request.id}") as first:
        if first:
            write(user).send()
