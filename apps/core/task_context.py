"""The log context of tasks: the id of the request that started them, through subtasks and retries too."""

from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars


def connect() -> None:
    before_task_publish.connect(send_request_id)
    task_prerun.connect(enter)
    task_postrun.connect(leave)


def send_request_id(headers: dict[str, Any], **_kwargs: Any) -> None:
    """Put the id on the message. Who sends from within a task has its id bound, so subtasks and retries have it."""
    if request_id := get_contextvars().get("request_id"):
        headers.setdefault("request_id", request_id)


def enter(task_id: str, task: Task[Any, Any], **_kwargs: Any) -> None:
    # Kept for a task that is called in the middle of something, as eager ones are.
    outer = get_contextvars()
    task.request.update(log_context=outer)
    # What beat sends has no request: the task's own id holds its lines and those of its subtasks together.
    request_id = task.request.get("request_id") or outer.get("request_id") or task_id
    clear_contextvars()
    bind_contextvars(request_id=request_id, task_id=task_id, task=task.name)


def leave(task: Task[Any, Any], **_kwargs: Any) -> None:
    clear_contextvars()
    bind_contextvars(**task.request.get("log_context") or {})
