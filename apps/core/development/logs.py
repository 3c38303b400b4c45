"""The last lines of the programs' logs, as the pages show them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from checkout import paths

# Bytes at the end of a log that are read.
_TAIL = 500_000
_MOST = 30
# Asked for by programs and browsers by themselves.
_UNASKED = {"livez", "readyz", "healthz", "favicon.ico"}
_APART = ("timestamp", "level", "event", "request_id")
_NOT_SHOWN = {*_APART, "logger"}


class Line(NamedTuple):
    """A record: of which program, when (ISO 8601, UTC), how bad, what, and its other values."""

    program: str
    time: str
    level: str
    event: str
    values: dict[str, Any]
    request_id: str


def last_requests() -> list[Line]:
    """Return the last requests to the API, the newest first."""
    lines = _lines(paths.LOGS / "backend.log")
    found = [line for line in lines if line.event == "request" and line.values.get("route") not in _UNASKED]
    return found[-_MOST:][::-1]


def of_request(request_id: str) -> list[Line]:
    """Return what all programs have logged about a request and its tasks, in the order of time."""
    found = [
        line for file in sorted(paths.LOGS.glob("*.log")) for line in _lines(file) if line.request_id == request_id
    ]
    return sorted(found, key=lambda line: line.time)


def _lines(file: Path) -> Iterator[Line]:
    for text in _tail(file).splitlines():
        if not text.startswith("{"):
            continue
        try:
            record = json.loads(text)
        except ValueError:
            continue
        values = {name: value for name, value in record.items() if name not in _NOT_SHOWN}
        time, level, event, request_id = (str(record.get(name, "")) for name in _APART)
        yield Line(file.stem, time, level, event, values, request_id)


def _tail(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - _TAIL))
            return opened.read().decode(errors="replace")
    except OSError:
        return ""
