"""How a worker reconnects to its broker, and which messages it refuses."""

import warnings
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from celery.exceptions import CPendingDeprecationWarning, NotRegistered
from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from celery.worker.request import Request
from celery.worker.state import active_requests, task_ready
from django.db import connection
from kombu.exceptions import OperationalError
from redis import RedisError

from apps.core.background import message_validation
from apps.core.background.broker import way_back
from apps.core.background.broker.lease import Lease
from apps.core.background.dead_letters import put_aside
from apps.core.health import sign_of_life

logger = get_logger(__name__)

# Parts of a worker that send events, to which nobody listens. Where packets are dropped, its main loop would
# not return from sending one before Redis is available again: no sign of life, and a dead connection that stays.
_SILENT = {"without_heartbeat": True, "without_gossip": True}
# Seconds between two attempts to connect.
RETRY_SECONDS = 0.5


class FailureForMemoryError(Exception):
    """Stands for a task's MemoryError in the worker's main process, which Celery would end."""


# The name that is stored with the result.
FailureForMemoryError.__name__ = FailureForMemoryError.__qualname__ = "MemoryError"
FailureForMemoryError.__module__ = "builtins"


class TaskRequest(Request):
    def revoked(self) -> bool:
        """Skip a task, too, that another worker may have by now. The worker connects again, with a new lease."""
        lease = _lease(self.message.channel)
        if lease is None or lease.is_held:
            return bool(super().revoked())
        lease.lose()
        task_ready(self)
        return True

    def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
        """Treat the MemoryError of a task as its failure. Celery raises it again, which ends the worker."""
        error = getattr(exc_info.exception, "exc", exc_info.exception)
        if isinstance(error, MemoryError):
            exc_info.exception = FailureForMemoryError(str(error))
        return super().on_failure(exc_info, *args, **kwargs)


class PromptConsumer(Consumer):
    """Reconnect twice a second, send no events, and keep messages that are not tasks as dead letters.

    Celery waits two seconds longer before each attempt, up to thirty, and has no setting for it. A message that is
    not a task ends Celery's main process, or is dropped with a log record.
    """

    # The stubs do not know them.
    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]
    # Whether the log says already that the broker is unavailable.
    _has_logged = False
    _signs_of_life: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["worker_options"] = {**(kwargs.get("worker_options") or {}), **_SILENT}
        super().__init__(*args, **kwargs)

    def ensure_connected(self, conn: Any) -> Any:
        conn.ensure_connection = partial(_connect, conn.ensure_connection, log=not self._has_logged)
        self._has_logged = False
        conn.transport.node = self.hostname
        return super().ensure_connected(conn)

    def on_ready(self) -> None:
        super().on_ready()
        way_back.begin()
        if self._signs_of_life:
            self._signs_of_life.cancel()
        sign_of_life.show()
        self._signs_of_life = self.timer.call_repeatedly(sign_of_life.INTERVAL_SECONDS, sign_of_life.show)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Keep the lease of the connection, for what this worker runs."""
        if self.connection and (lease := _lease(self.connection.transport)):
            lease.detach()
        self._has_logged = True
        with warnings.catch_warnings():
            # Celery warns that it will cancel by default what runs. The setting says what this worker does.
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)

    def on_close(self) -> None:
        """Return what this worker does not run: Celery has dropped what it had reserved."""
        super().on_close()
        running = {request.message.delivery_tag for request in tuple(active_requests)}
        for lease in tuple(Lease.open_ones):
            if lease.is_detached:
                lease.keep(running)

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
        put_aside(message, reason)
        message.reject_log_error(logger, self.connection_errors)


def _lease(owner: Any) -> Lease | None:
    """Return the lease of a channel or transport; Kombu's own have none."""
    return getattr(owner, "lease", None)


def _connect(
    ensure_connection: Callable[..., Any], errback: Callable[..., Any], *args: Any, log: bool, **kw: Any
) -> Any:
    """Try twice a second, and log the first failure only."""
    failures = count()

    def on_failure(error: Exception, interval: float) -> None:
        sign_of_life.show()
        if next(failures) == 0 and log:
            errback(error, interval)

    pauses = {"interval_start": RETRY_SECONDS, "interval_step": 0, "interval_max": RETRY_SECONDS}
    return ensure_connection(on_failure, *args, **pauses, **kw)


class _Unknown:
    """The part of a request that it takes to store a failure."""

    chord = errbacks = group = reply_to = correlation_id = None
    ignore_result = False

    def __init__(self, message: Any) -> None:
        self.id, self.task, self.root_id = (message.headers.get(name) for name in ("id", "task", "root_id"))
        self.argsrepr, self.kwargsrepr = message.headers.get("argsrepr"), message.headers.get("kwargsrepr")
        self.hostname = None
