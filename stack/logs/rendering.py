"""Renders log records as text: as they are stored, or for people."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator

from checkout.log_format import DIM, INDENT, format_record
from checkout.text import escape, painter
from stack.logs.records import Record

_STYLE = re.compile("\x1b\\[[0-9;]*m")


def renderer(*, prefix: bool, raw: bool = False) -> Callable[[Record], str]:
    """Return a function that renders a record: as it is stored, or for people.

    A terminal gets colours, and rows that are broken between words. In a pipe rows are as long as they need to be.
    """
    if raw:
        return lambda record: record.line
    paint = painter(sys.stdout)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0

    def render(record: Record) -> str:
        fields = record.fields()
        is_ours = fields is not None and "event" in fields
        text = format_record(fields, record.time, paint) if fields and is_ours else escape(record.line)
        lead = paint(DIM, f"{record.program:<8} | ") if prefix else ""
        rows = (lead + text).split("\n")
        return "\n".join(piece for row in rows for piece in (_wrapped(row, width) if width else [row]))

    return render


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
