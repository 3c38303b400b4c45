"""Log records for people: time, level in its colour, event and values in one row; a traceback below."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checkout.text import Paint, escape

_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}
DIM, _BOLD = "2", "1"
# They have a place of their own, or repeat what another value says.
_HEAD = ("event", "level", "timestamp", "exception", "stack", "logger")
# Shown in the first row of an access record, or implied by it.
_IN_FIRST_ROW = (*_HEAD, "method", "path", "status", "duration_ms", "route")
# Left out, to keep rows short: what `just logs --raw` shows, and what goes without saying.
_LONG = ("user_agent",)
_USUAL = {"client_ip": ("127.0.0.1", "::1")}

# Rows below the first begin where the first one names the event.
INDENT = " " * 13


def format_record(fields: Mapping[str, Any], time: float, paint: Paint) -> str:
    """Return a record as text.

    Args:
        fields: What the record says; "event" and "level" have a place of their own.
        time: Seconds since 1970.
        paint: Colours a text.
    """
    if fields["event"] == "request" and "method" in fields and "status" in fields:
        return _access_record(fields, time, paint)
    level = str(fields.get("level", ""))
    values = " ".join(f"{paint(DIM, key + '=')}{_value(fields[key])}" for key in fields if key not in _HEAD)
    head = f"{paint(DIM, _clock(time))} {paint(_COLOURS.get(level, '0'), f'{level:<8}')}"
    return f"{head} {paint(_BOLD, _value(fields['event']))}  {values}".rstrip() + _traceback(fields)


def _access_record(fields: Mapping[str, Any], time: float, paint: Paint) -> str:
    """Return a request in one row, within 80 columns where its path allows, and the other values below."""
    status = fields["status"] if isinstance(fields["status"], int) else 0
    colour = "32" if status < 400 else "33" if status < 500 else "31"  # noqa: PLR2004 - classes of status codes
    head = f"{paint(DIM, _clock(time))} {paint(colour, str(status))} {_value(fields['method']):<5}"
    cost = f"{_value(fields.get('duration_ms'))} ms"
    named = [
        key
        for key in fields
        if key not in (*_IN_FIRST_ROW, *_LONG) and fields[key] not in (None, "", *_USUAL.get(key, ()))
    ]
    if not fields.get("queries"):
        named = [key for key in named if key != "query_ms"]
    rest = " ".join(f"{paint(DIM, key + '=')}{_value(fields[key])}" for key in named)
    row = f"{head} {paint(_BOLD, _value(fields.get('path')))}  {paint(DIM, cost)}"
    return row + (f"\n{INDENT}{rest}" if rest else "") + _traceback(fields)


def _clock(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%H:%M:%S.%f")[:-3]


def _value(value: object) -> str:
    return escape(value if isinstance(value, str) else "-" if value is None else str(value))


def _traceback(fields: Mapping[str, Any]) -> str:
    lines = str(fields.get("exception") or fields.get("stack") or "").splitlines()
    return "".join(f"\n    {escape(line)}" for line in lines)
