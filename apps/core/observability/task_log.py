"""The log context of tasks: the id of the request that started them, also in subtasks and retries."""

import logging
from time import monotonic
from typing import Any

from celery import Task, states
from celery.signals import before_task_publish, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from apps.core.observability.query_meter import QueryMeter
from apps.core.signals import task_ended

logger = logging.getLogger("django.info")


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **_kwargs: Any) -> None:
    """Put the id on the message. A task has its id bound, so its subtasks and retries inherit it."""
    if request_id := get_contextvars().get("request_id"):
        headers.setdefault("request_id", request_id)


@task_prerun.connect
def enter(task_id: str, task: Task[Any, Any], **_kwargs: Any) -> None:
    # Restored after an eager task, which runs inside its caller.
    outer = get_contextvars()
    task.request.update(log_context=outer, log_started=monotonic(), log_queries=QueryMeter().__enter__())
    # A task of beat has no request: its own id joins its records and those of its subtasks.
    request_id = task.request.get("request_id") or outer.get("request_id") or task_id
    clear_contextvars()
    bind_contextvars(request_id=request_id, task_id=task_id, task=task.name)


@task_postrun.connect
def leave(task: Task[Any, Any], state: str, retval: Any, **_kwargs: Any) -> None:
    """Write one record for each run of a task, and restore the context."""
    seconds = monotonic() - task.request.get("log_started")
    meter = task.request.get("log_queries")
    meter.__exit__()
    # For a retry its reason. Never the result or the text of an exception, which may be secret.
    error = getattr(retval, "exc", None) or retval
    line = {
        "state": state,
        "retries": task.request.retries,
        "duration_ms": round(seconds * 1000, 1),
        "queries": meter.count,
        "query_ms": meter.ms,
        "error": type(error).__name__ if isinstance(error, BaseException) else None,
    }
    task_ended.send(type(task), task=task.name, line=line)
    # The heartbeat task is not worth a record: it runs all the time.
    if not (getattr(task, "quiet", False) and state == states.SUCCESS):
        logger.info("task", extra=line)
    clear_contextvars()
    bind_contextvars(**task.request.get("log_context"))
