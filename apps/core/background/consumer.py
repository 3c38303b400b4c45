"""How a worker reconnects to its broker, and which messages it refuses."""

from collections.abc import Callable
from functools import partial
from typing import Any

from celery.exceptions import NotRegistered
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from celery.worker.request import Request
from django.db import connection
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.core.background import message_validation

logger = get_logger(__name__)

# Seconds between two attempts to connect.
RETRY_SECONDS = 0.5


class FailureForMemoryError(Exception):
    """Stands for a task's MemoryError in the worker's main process, which Celery would end."""


# The name that is stored with the result.
FailureForMemoryError.__name__ = FailureForMemoryError.__qualname__ = "MemoryError"
FailureForMemoryError.__module__ = "builtins"


class TaskRequest(Request):
    def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
        """Treat the MemoryError of a task as its failure. Celery raises it again, which ends the worker."""
        error = getattr(exc_info.exception, "exc", exc_info.exception)
        if isinstance(error, MemoryError):
            exc_info.exception = FailureForMemoryError(str(error))
        return super().on_failure(exc_info, *args, **kwargs)


class PromptConsumer(Consumer):
    """Reconnect twice a second, and keep messages that are not tasks as dead letters.

    Celery waits two seconds longer before each attempt, up to thirty, and has no setting for it. A message that is
    not a task ends Celery's main process, or is dropped with a log record.
    """

    # The stubs do not know them.
    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=RETRY_SECONDS, interval_step=0, interval_max=RETRY_SECONDS
        )
        return super().ensure_connected(conn)

    def update_strategies(self) -> None:
        for task in self.app.tasks.values():
            task.Request = TaskRequest  # type: ignore[assignment] # a name or a class
        super().update_strategies()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        handle = super().create_task_handler(*args, **kwargs)
        passing = (*self.connection_errors, *self.channel_errors, OperationalError, RedisError, MemoryError)

        def on_task_received(message: Any) -> Any:
            try:
                reason = message_validation.flaw(message)
                return self._put_aside(message, reason) if reason else handle(message)
            except Exception as error:
                if isinstance(error, passing):
                    raise
                logger.exception("A message could not be made a task")
                return self._put_aside(message, f"{type(error).__name__} when it was made a task.")

        return on_task_received

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Keep a task of a newer version of the code, and store its failure for its sender."""
        name, task_id = message.headers["task"], message.headers["id"]
        self._put_aside(message, f"There is no task {name}.")
        try:
            self.app.backend.mark_as_failure(task_id, NotRegistered(name), request=_Unknown(message))
        finally:
            # The main process needs no connection, and the processes that it forks must not inherit one.
            connection.close()

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._put_aside(message, "It is no task.")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._put_aside(message, "It is no valid task.")

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        self._put_aside(message, "It cannot be decoded.")

    def _put_aside(self, message: Any, reason: str) -> None:
        logger.error("A message was put aside", extra={"reason": reason})
        message.channel.put_aside(message.delivery_tag, reason)
        message.reject_log_error(logger, self.connection_errors)


class _Unknown:
    """The part of a request that it takes to store a failure."""

    chord = errbacks = group = reply_to = correlation_id = None
    ignore_result = False

    def __init__(self, message: Any) -> None:
        self.id, self.task, self.root_id = (message.headers.get(name) for name in ("id", "task", "root_id"))
        self.argsrepr, self.kwargsrepr = message.headers.get("argsrepr"), message.headers.get("kwargsrepr")
        self.hostname = None
