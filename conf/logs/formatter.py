"""What becomes of a record of the standard library before it is a line, for machines or for people."""

import json
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from conf.logs.redaction import LONGEST, may_hold_secrets, redact_mapping

# Made once: json.dumps() makes an encoder for each line.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
# What moves the cursor, colours, or makes text run backwards.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# What every record has; the rest is what the code said in `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Formatter(logging.Formatter):
    """Runs processors in structlog's form over what a record says; the last one makes text of it.

    Not structlog's own ProcessorFormatter: it copies each record, which takes as long as all the rest.
    """

    def __init__(self, render: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = tuple(render)

    def format(self, record: logging.LogRecord) -> str:
        """Render a line; one whose arguments do not fit its message is not lost, but says so."""
        try:
            return self._render(record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the line matters more
            said = f"{record.msg!r} {record.args!r} ({type(error).__name__}: {error})"
            return self._render(logging.makeLogRecord({**vars(record), "msg": said, "args": (), "exc_info": None}))

    def _render(self, record: logging.LogRecord) -> str:
        event: Any = {
            **structlog.contextvars.get_contextvars(),
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _timestamp(record.created),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        if record.name == "celery.app.trace":
            # Celery adds the task's arguments, as text in which no key is to be seen.
            event.pop("data", None)
        for process in self._processors:
            event = process(None, "", event)
        return str(event)


def _timestamp(seconds: float) -> str:
    # Of one length, so that lines sort as text.
    return f"{_to_the_second(int(seconds))}.{int(seconds % 1 * 1e6):06}Z"


@lru_cache(maxsize=1)
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def redact_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return redact_mapping(event)


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return the line, without secrets. In most there is nothing that looks like one, key or value."""
    with suppress(TypeError, ValueError, RecursionError):
        line = _encode(event)
        # A letter that is escaped might be one of a word that is looked for.
        if len(line) <= LONGEST and "\\u" not in line and not may_hold_secrets(line):
            return line
    return _encode(redact_mapping(event))


def escape_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For a terminal: nothing that a client sent may move its cursor or begin a line of its own."""
    return {key: _escape_lines(value) if key == "exception" else escape(value) for key, value in event.items()}


def _escape_lines(text: str) -> str:
    return "\n".join(escape(line) for line in text.split("\n"))


def escape(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
