"""Where a process does what others can see: each place tells the kill points. For a process that runs one task."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils.module_loading import import_string
from kombu.message import Message
from kombu.messaging import Producer

from apps.core.survival.kill_points import KillPoints

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|WITH|COPY|CALL|DO)\b", re.IGNORECASE)
_TABLE = re.compile(r'\b(?:INTO|UPDATE|FROM|TRUNCATE)\s+"?(\w+)', re.IGNORECASE)


def install(points: KillPoints) -> None:
    """Hook commits, messages, mails and acknowledgements of this process."""
    _hook_database(points)
    _hook_messages(points)
    _hook_mails(points)


def _hook_database(points: KillPoints) -> None:
    """A cursor does not see COMMIT, and without a transaction each statement is one."""
    execute, execute_many = _of(CursorWrapper, "_execute"), _of(CursorWrapper, "_executemany")
    commit, roll_back = _of(BaseDatabaseWrapper, "_commit"), _of(BaseDatabaseWrapper, "_rollback")

    def executing(run: Callable[..., Any]) -> Callable[..., Any]:
        def hooked(cursor: Any, sql: Any, *args: Any) -> Any:
            if not _WRITES.match(str(sql)):
                return run(cursor, sql, *args)
            table = _table(str(sql))
            if cursor.db.get_autocommit():
                with points.step("commit", f"{str(sql).split(None, 1)[0].upper()} {table}"):
                    return run(cursor, sql, *args)
            points.written.append(table)
            return run(cursor, sql, *args)

        return hooked

    def committing(connection: Any) -> None:
        if not points.written:
            commit(connection)
            return
        with points.step("commit", f"COMMIT of {', '.join(dict.fromkeys(points.written))}"):
            commit(connection)
            points.written.clear()

    def rolling_back(connection: Any) -> None:
        points.written.clear()
        roll_back(connection)

    _replace(CursorWrapper, _execute=executing(execute), _executemany=executing(execute_many))
    _replace(BaseDatabaseWrapper, _commit=committing, _rollback=rolling_back)


def _hook_messages(points: KillPoints) -> None:
    publish, acknowledge = _of(Producer, "_publish"), _of(Message, "ack")

    def publishing(producer: Any, *args: Any) -> Any:
        # Those of Kombu: body, priority, content_type, content_encoding, headers and more.
        task = (args[4] or {}).get("task")
        if not task:
            # Workers talk to each other.
            return publish(producer, *args)
        with points.step("message", str(task)):
            return publish(producer, *args)

    def acknowledging(message: Any, *args: Any, **kwargs: Any) -> None:
        with points.step("acknowledgement", "the task's message"):
            acknowledge(message, *args, **kwargs)

    _replace(Producer, _publish=publishing)
    _replace(Message, ack=acknowledging)


def _hook_mails(points: KillPoints) -> None:
    backend = import_string(settings.EMAIL_BACKEND)
    send = _of(backend, "send_messages")

    def sending(self: Any, messages: Any) -> Any:
        to = ", ".join(sorted({address for mail in messages for address in mail.recipients()}))
        with points.step("mail", f"to {to}"):
            return send(self, messages)

    _replace(backend, send_messages=sending)


def _of(owner: Any, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(owner, name)
    return found


def _replace(owner: Any, **functions: Callable[..., Any]) -> None:
    for name, function in functions.items():
        setattr(owner, name, function)


def _table(sql: str) -> str:
    found = _TABLE.search(sql)
    return found[1] if found else "?"
