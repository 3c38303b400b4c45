"""Log lines for people: time, level in its colour, what happened, and its values; a traceback below."""

import os
import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from stack.records import Record

_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}
_DIM, _BOLD = "2", "1"
# They have a place of their own, or say what the place says.
_HEAD = ("event", "level", "timestamp", "exception", "stack", "logger")
# What moves the cursor, colours, or makes text run backwards; a client may have sent it.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

Paint = Callable[[str, str], str]


def renderer(*, prefix: bool, raw: bool = False) -> Callable[[Record], str]:
    """Return what makes a line of a record: as it is stored, or for people, in colours where a terminal shows them."""
    if raw:
        return lambda record: record.line
    forced = os.environ.get("FORCE_COLOR")
    colours = (sys.stdout.isatty() or bool(forced)) and not os.environ.get("NO_COLOR")
    paint: Paint = (lambda code, text: f"\x1b[{code}m{text}\x1b[0m") if colours else (lambda _code, text: text)

    def render(record: Record) -> str:
        lead = paint(_DIM, f"{record.program:<8} | ") if prefix else ""
        return lead + _for_people(record, paint)

    return render


def _for_people(record: Record, paint: Paint) -> str:
    fields = record.fields()
    if fields is None or "event" not in fields:
        return clean(record.line)
    level = str(fields.get("level", ""))
    if fields["event"] == "request" and "method" in fields and "status" in fields:
        return _access_line(record, fields, paint)
    values = " ".join(f"{paint(_DIM, key + '=')}{_value(fields[key])}" for key in fields if key not in _HEAD)
    head = f"{paint(_DIM, _clock(record.time))} {paint(_COLOURS.get(level, '0'), f'{level:<8}')}"
    return f"{head} {paint(_BOLD, _value(fields['event']))}  {values}".rstrip() + _traceback(fields)


# Told in the first row of an access line, or by it.
_TOLD = (*_HEAD, "method", "path", "status", "duration_ms", "route")


def _access_line(record: Record, fields: dict[str, Any], paint: Paint) -> str:
    """Return a request in one row, within 80 columns where its path allows, and the rest below it."""
    status = fields["status"] if isinstance(fields["status"], int) else 0
    colour = "32" if status < 400 else "33" if status < 500 else "31"  # noqa: PLR2004 - classes of status codes
    head = f"{paint(_DIM, _clock(record.time))} {paint(colour, str(status))} {_value(fields['method']):<5}"
    cost = f"{_value(fields.get('duration_ms'))} ms"
    rest = " ".join(
        f"{paint(_DIM, key + '=')}{_value(fields[key])}"
        for key in fields
        if key not in _TOLD and fields[key] not in (None, "")
    )
    row = f"{head} {paint(_BOLD, _value(fields.get('path')))}  {paint(_DIM, cost)}"
    return row + (f"\n             {rest}" if rest else "") + _traceback(fields)


def _clock(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%H:%M:%S.%f")[:-3]


def _value(value: object) -> str:
    return clean(value if isinstance(value, str) else "-" if value is None else str(value))


def _traceback(fields: dict[str, Any]) -> str:
    lines = str(fields.get("exception") or fields.get("stack") or "").splitlines()
    return "".join(f"\n    {clean(line)}" for line in lines)


def clean(text: str) -> str:
    """Return the text with control characters written out."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
