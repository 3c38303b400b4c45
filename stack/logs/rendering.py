"""Log lines for people: time, level in its colour, what happened, and its values; a traceback below."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from stack.console import wants_colours
from stack.logs.records import Record

_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}
_DIM, _BOLD = "2", "1"
# They have a place of their own, or say what the place says.
_HEAD = ("event", "level", "timestamp", "exception", "stack", "logger")
# What moves the cursor, colours, or makes text run backwards; a client may have sent it.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_STYLE = re.compile("\x1b\\[[0-9;]*m")
# Rows below the first begin where the first one tells what happened.
_INDENT = " " * 13

Paint = Callable[[str, str], str]


def renderer(*, prefix: bool, raw: bool = False) -> Callable[[Record], str]:
    """Return what makes text of a record: as it is stored, or for people.

    A terminal gets colours, and rows that are broken between words. In a pipe rows are as long as they are.
    """
    if raw:
        return lambda record: record.line
    colours = wants_colours(sys.stdout)
    paint: Paint = (lambda code, text: f"\x1b[{code}m{text}\x1b[0m") if colours else (lambda _code, text: text)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0

    def render(record: Record) -> str:
        lead = paint(_DIM, f"{record.program:<8} | ") if prefix else ""
        rows = (lead + _for_people(record, paint)).split("\n")
        return "\n".join(piece for row in rows for piece in (_wrapped(row, width) if width else [row]))

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
# Left out, for rows are short: what `--raw` tells, and what goes without saying.
_LONG = ("user_agent",)
_USUAL = {"client_ip": ("127.0.0.1", "::1")}


def _access_line(record: Record, fields: dict[str, Any], paint: Paint) -> str:
    """Return a request in one row, within 80 columns where its path allows, and the rest below it."""
    status = fields["status"] if isinstance(fields["status"], int) else 0
    colour = "32" if status < 400 else "33" if status < 500 else "31"  # noqa: PLR2004 - classes of status codes
    head = f"{paint(_DIM, _clock(record.time))} {paint(colour, str(status))} {_value(fields['method']):<5}"
    cost = f"{_value(fields.get('duration_ms'))} ms"
    named = [
        key for key in fields if key not in (*_TOLD, *_LONG) and fields[key] not in (None, "", *_USUAL.get(key, ()))
    ]
    if not fields.get("queries"):
        named = [key for key in named if key != "query_ms"]
    rest = " ".join(f"{paint(_DIM, key + '=')}{_value(fields[key])}" for key in named)
    row = f"{head} {paint(_BOLD, _value(fields.get('path')))}  {paint(_DIM, cost)}"
    return row + (f"\n{_INDENT}{rest}" if rest else "") + _traceback(fields)


def _wrapped(row: str, width: int) -> Iterator[str]:
    """Yield the row in pieces that fit into the width, broken at spaces where there are any."""
    if len(_STYLE.sub("", row)) <= width:
        yield row
        return
    piece, *words = row.split(" ")
    for word in words:
        longer = f"{piece} {word}"
        if piece.strip() and len(_STYLE.sub("", longer)) > width:
            yield piece
            longer = _INDENT + word
        piece = longer
    yield piece


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
