"""Which messages are tasks. Anything else in a queue would end the worker that receives it."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from celery.app.task import Context
from kombu.utils.json import loads

from apps.core.text import is_storable

_ID_LENGTH = 255
_NUMBER = (int, float)
_METHODS = frozenset(name for name in dir(Context) if callable(getattr(Context, name)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_storable(value)


def _is_id(value: Any) -> bool:
    return _is_text(value) and 0 < len(value) <= _ID_LENGTH


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    with suppress(ValueError, OverflowError, TypeError):
        datetime.fromisoformat(value)
        return True
    return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _are_limits(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(v is None or isinstance(v, _NUMBER) for v in value)  # noqa: PLR2004


# Headers that mean something to Celery; null counts as absent.
_HEADERS: dict[str, Callable[[Any], bool]] = {
    "root_id": _is_id,
    "parent_id": _is_id,
    "group": _is_id,
    "eta": _is_time,
    "expires": _is_time,
    "retries": _is_count,
    "times_lost": _is_count,
    "timelimit": _are_limits,
    # Any text: what cannot be stored is escaped later.
    "argsrepr": lambda value: isinstance(value, str),
    "kwargsrepr": lambda value: isinstance(value, str),
    "origin": _is_text,
    "lang": _is_text,
    "request_id": _is_text,
    "periodic_task_name": _is_text,
    "ignore_result": lambda value: isinstance(value, bool),
    "shadow": _is_text,
    "group_index": _is_count,
    "replaced_task_nesting": _is_count,
    "stamped_headers": lambda value: isinstance(value, list),
    "stamps": lambda value: isinstance(value, dict),
    "meta": lambda value: isinstance(value, dict),
}


def flaw(message: Any) -> str:
    """Return why a message is not a task; empty if it is one."""
    headers = message.headers
    if not isinstance(headers, dict):
        return "It has no headers."
    if not _is_id(headers.get("id")) or not _is_id(headers.get("task")):
        return "Its headers name no task and id."
    if message.content_type != "application/json" or message.content_encoding != "utf-8":
        return "Its content is not JSON in UTF-8."
    wrong = [name for name, fits in _HEADERS.items() if headers.get(name) is not None and not fits(headers[name])]
    wrong += [name for name in headers if name in _METHODS or not re.fullmatch(r"[\w.-]{1,255}", name)]
    if wrong:
        return f"Its header {wrong[0][:80]!a} is none of Celery's."
    return _flaw_of_body(message.body)


def _flaw_of_body(body: Any) -> str:
    try:
        args, kwargs, embed = loads(body if isinstance(body, str) else bytes(body).decode())
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return "Its body is not a list of arguments, keyword arguments and options."
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return "Its arguments are not a list, or its keyword arguments not an object."
    if embed is not None and not isinstance(embed, dict):
        return "Its options are not an object."
    for name in ("callbacks", "errbacks", "chain"):
        found = (embed or {}).get(name)
        if found is not None and not (isinstance(found, list) and all(isinstance(entry, dict) for entry in found)):
            return f"Its {name} are not a list of tasks."
    chord = (embed or {}).get("chord")
    return "" if chord is None or isinstance(chord, dict) else "Its chord is not a task."
