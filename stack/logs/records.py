"""Reads the lines of logs as records, and orders them by time."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

# The timestamps of the project's own records (JSON), of Postgres and of Redis.
_JSON_TIME = re.compile(r'"timestamp": ?"([0-9T:.-]+)Z"')
_POSTGRES_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d[.,]\d{3})(?: UTC)?")
_REDIS_TIME = re.compile(r"\d+:\w (\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3})")


class Record(NamedTuple):
    """A line, the program that wrote it, and the time in seconds since 1970."""

    time: float
    program: str
    line: str

    def fields(self) -> dict[str, Any] | None:
        """Return the values of a JSON line; None for any other line."""
        try:
            found = json.loads(self.line)
        except (ValueError, RecursionError):
            # Postgres prints values of users, such as a hundred thousand brackets.
            return None
        return found if isinstance(found, dict) else None


def records(program: str, lines: Iterable[str], *, before: float) -> Iterator[Record]:
    """Return the lines of a file as records. A line without a time has the time of the line before it.

    before is the time of the first lines, if they have none.
    """
    time = before
    for line in lines:
        time = _time(line) or time
        yield Record(time, program, line)


def in_order(files: Iterable[Iterable[Record]]) -> list[Record]:
    """Merge files by time. Even a single file may be out of order: a thread takes the time before it writes."""
    return sorted(chain.from_iterable(files), key=lambda record: record.time)


def of_request(request_id: str, found: Iterable[Record]) -> Iterator[Record]:
    """Return the records of one request and its tasks, each line once, even if it is stored twice."""
    seen = set()
    for record in found:
        if request_id not in record.line or record.line in seen:
            continue
        if (fields := record.fields()) and fields.get("request_id") == request_id:
            seen.add(record.line)
            yield record


def files_of(path: Path) -> list[Path]:
    """Return the files of a log, the rotated one first."""
    return [file for file in (path.with_name(f"{path.name}.1"), path) if file.is_file()]


def _time(line: str) -> float:
    try:
        return _read_time(line)
    except ValueError:
        # It only looks like one.
        return 0.0


def _read_time(line: str) -> float:
    if line.startswith("{") and (found := _JSON_TIME.search(line)):
        return datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
    if found := _POSTGRES_TIME.match(line):
        return datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00").timestamp()
    if found := _REDIS_TIME.match(line):
        return datetime.strptime(f"{found[1]} +0000", "%d %b %Y %H:%M:%S.%f %z").timestamp()
    return 0.0
