"""Results in Postgres: every row ends in a true state, and every stored result can be read again.

Connections are kept from task to task, and may have been closed meanwhile.
"""

import json
from contextlib import nullcontext
from typing import Any

import django
from celery import current_app, states
from celery.result import GroupResult
from celery.signals import task_postrun, task_prerun
from celery.utils.serialization import UnpickleableExceptionWrapper
from django.apps import apps
from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

if not apps.models_ready:
    # Celery sets Django up for workers and beat alone, and `celery call` and `celery result` need the models, too.
    django.setup()

from django_celery_results.backends import DatabaseBackend
from django_celery_results.backends.database import trigger_callback
from django_celery_results.models import ChordCounter, TaskResult  # type: ignore[attr-defined] # newer than its stubs
from kombu.exceptions import EncodeError
from kombu.utils.json import dumps, loads
from rest_framework.utils.encoders import JSONEncoder

from apps.core.models import FailedTask
from apps.core.text import make_storable


class PatientDatabaseBackend(DatabaseBackend):  # type: ignore[misc] # its package has no types
    """Retry while Postgres is unavailable; Celery asks here which errors are worth a retry."""

    def exception_safe_to_retry(self, exc: Exception) -> bool:
        is_unavailable = isinstance(exc, InterfaceError | OperationalError)
        if is_unavailable:
            connection.close()
        return is_unavailable

    def _store_result(
        self, task_id: str, result: Any, status: str, traceback: Any = None, request: Any = None, **kwargs: Any
    ) -> Any:
        """Store the state of a task. Raises EncodeError for a result that could not be read again."""
        if status == states.SUCCESS:
            require_readable(result)
        if status == states.RETRY and request is not None and _is_ignored(request):
            # Its success is not stored, so the row would say RETRY for ever.
            return result
        store = super()._store_result
        # The next run may succeed before this one has stored RETRY, since it waited for Postgres or lost its broker.
        # A success is not overwritten.
        with transaction.atomic() if status in (states.RETRY, states.FAILURE) else nullcontext():
            if status == states.RETRY and _is_done(task_id):
                return result
            if status == states.FAILURE and request is not None:
                _keep_arguments(task_id, request)
            return store(task_id, result, status, _storable(traceback), request, **kwargs)

    def prepare_exception(self, exc: Any, serializer: str | None = None) -> Any:
        """Name the class of an exception that cannot be pickled, not Celery's wrapper around it."""
        if isinstance(exc, UnpickleableExceptionWrapper):
            return {"exc_type": exc.exc_cls_name, "exc_message": list(exc.exc_args or ()), "exc_module": exc.exc_module}
        return super().prepare_exception(exc, serializer)

    def _get_extended_properties(self, request: Any, traceback: Any) -> dict[str, Any]:
        found = super()._get_extended_properties(request, traceback)
        return {name: _storable(value) for name, value in found.items()}

    def apply_chord(self, header_result_args: Any, body: Any, **kwargs: Any) -> None:
        """Store the header of a chord with its date, so that a chord that never ends is purged."""
        args = header_result_args
        header = args if isinstance(args, GroupResult) else self.app.GroupResult(*args)
        with transaction.atomic():
            super().apply_chord(args, body, **kwargs)
            self.save_group(header.id, header)

    def on_chord_part_return(self, request: Any, state: str, result: Any, **kwargs: Any) -> None:
        """Send the body when every task of the header has ended, however often one of them was delivered.

        The package counts down, so a task that is delivered twice would count twice. A task of the header stores its
        result even if it ignores results, since the body receives them.
        """
        task_id, group_id = request.id, request.group
        if not task_id or not group_id:
            return
        if not TaskResult.objects.filter(task_id=task_id, status__in=states.READY_STATES).exists():
            self.store_result(task_id, result, state, request=request)
        with transaction.atomic():
            counter = ChordCounter.objects.select_for_update().filter(group_id=group_id).first()
            if counter is None:
                # The last task was delivered twice, and the body was sent the first time.
                return
            header = counter.group_result(app=self.app)
            ids = {part.id for part in header.results}
            if TaskResult.objects.filter(task_id__in=ids, status__in=states.READY_STATES).count() < len(ids):
                return
            counter.delete()
            body = self.app.signature(request.chord)
            # Before the commit: a crash in between may send the body twice, which tasks tolerate, but never not at all.
            trigger_callback(app=self.app, callback=body, group_result=header)


def require_readable(result: Any) -> None:
    """Raise EncodeError, with the reason, for a result that JSON cannot express or that would be read differently."""
    try:
        if _has_own_types(result):
            raise ValueError("it has a key __type__, which Celery reads as a type")  # noqa: TRY301 - one way out
        # As the API renders it: strictly, and in UTF-8, which cannot encode half of a surrogate pair. But without its
        # renderer, which imports what worker and beat do not need: 6 MB of each.
        json.dumps(loads(dumps(result)), cls=JSONEncoder, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        raise EncodeError(f"The task's result cannot be stored: {error}") from error


def _has_own_types(value: Any) -> bool:
    if isinstance(value, dict):
        return "__type__" in value or any(_has_own_types(found) for found in value.values())
    return isinstance(value, list | tuple) and any(_has_own_types(found) for found in value)


def _storable(value: Any) -> Any:
    return make_storable(value) if isinstance(value, str) else value


def _is_ignored(request: Any) -> bool:
    chosen = getattr(request, "ignore_result", None)
    task = current_app.tasks.get(str(getattr(request, "task", "")))
    return bool(getattr(task, "ignore_result", False) if chosen is None else chosen)


def _is_done(task_id: str) -> bool:
    row = TaskResult.objects.select_for_update().filter(task_id=task_id).first()
    return row is not None and row.status == states.SUCCESS


def _keep_arguments(task_id: str, request: Any) -> None:
    arguments = (getattr(request, "args", None), getattr(request, "kwargs", None))
    if not isinstance(arguments[0], list | tuple) or not isinstance(arguments[1], dict):
        return
    is_part = any(getattr(request, name, None) for name in ("chord", "chain", "callbacks", "errbacks", "group"))
    queue = "" if is_part else (getattr(request, "delivery_info", None) or {}).get("routing_key") or ""
    row = {"arguments": dumps(arguments), "queue": str(queue)[:255]}
    FailedTask.objects.update_or_create(task_id=task_id, defaults=row)


@task_prerun.connect
@task_postrun.connect
def check_connections(task: Any, **_kwargs: Any) -> None:
    """Do for a task what Django does for a request: close connections that are old or broken.

    An eager task runs inside the transaction of its caller, whose connection stays open.
    """
    if not getattr(task.request, "is_eager", False):
        close_old_connections()


@task_postrun.connect
def end_ignored(task_id: str, task: Any, state: str, **_kwargs: Any) -> None:
    """Store IGNORED for a task that raised Ignore; Celery leaves it STARTED for ever.

    A state that the task has stored itself is kept.
    """
    if state == states.IGNORED and not task.request.is_eager:
        TaskResult.objects.filter(task_id=task_id, status=states.STARTED).update(status=states.IGNORED)
