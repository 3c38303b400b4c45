"""Renders log records as text: as they are stored, or for people."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum

from checkout.log_format import DIM, INDENT, format_record
from checkout.text import escape, painter
from stack.logs.records import Record

# Each program's name in its own colour; errors keep red for themselves.
_PROGRAMS = {"backend": "36", "worker": "35", "beat": "34", "postgres": "32", "redis": "33", "reload": "2"}
# Columns of a record that is cut, in a pipe.
_LINE = 80
_STYLE = re.compile("\x1b\\[[0-9;]*m")


class Form(Enum):
    """How a record is shown: for people, whole or cut to a line; as it is stored; as a JSON object for tools."""

    PEOPLE = "people"
    LINE = "line"
    STORED = "stored"
    JSON = "json"


def renderer(*, prefix: bool, form: Form = Form.PEOPLE) -> Callable[[Record], str]:
    """Return a function that renders a record.

    A terminal gets colours, and rows that are broken between words. In a pipe rows are as long as they need to be.
    """
    if form is Form.STORED:
        return lambda record: record.line
    if form is Form.JSON:
        return _as_json
    paint = painter(sys.stdout)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0

    def render(record: Record) -> str:
        fields = record.fields()
        is_ours = fields is not None and "event" in fields
        text = format_record(fields, record.time, paint) if fields and is_ours else escape(record.line)
        name = paint(_PROGRAMS.get(record.program, DIM), f"{record.program:<8}")
        lead = f"{name}{paint(DIM, ' | ')}" if prefix else ""
        rows = (lead + text).split("\n")
        if form is Form.LINE:
            return _cut(rows[0], width or _LINE)
        return "\n".join(piece for row in rows for piece in (_wrapped(row, width) if width else [row]))

    return render


def _cut(row: str, width: int) -> str:
    """Return the row, cut to the width; colours count nothing, and end with it."""
    if len(_STYLE.sub("", row)) <= width:
        return row
    shown, rest = "", width - 1
    for part in re.split(r"(\x1b\[[0-9;]*m)", row):
        if part.startswith("\x1b"):
            shown += part
        else:
            shown += part[:rest]
            rest -= min(rest, len(part))
    return f"{shown}…"


def _as_json(record: Record) -> str:
    # Postgres and Redis write text, which becomes the event.
    fields = record.fields() or {"event": record.line}
    if "timestamp" not in fields and record.time:
        fields["timestamp"] = datetime.fromtimestamp(record.time, UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"program": record.program} | fields)


def _wrapped(row: str, width: int) -> Iterator[str]:
    """Yield the row in pieces that fit into the width, broken at spaces if possible."""
    if len(_STYLE.sub("", row)) <= width:
        yield row
        return
    piece, *words = row.split(" ")
    for word in words:
        longer = f"{piece} {word}"
        if piece.strip() and len(_STYLE.sub("", longer)) > width:
            yield piece
            longer = INDENT + word
        piece = longer
    yield piece
