"""What becomes of a record of the standard library before it is a line: structlog's processors, and ours."""

import json
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from conf.redaction import LONGEST, may_hold_secrets, redact_mapping

# Made once: json.dumps() makes an encoder for each line.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
# What moves the cursor, colours, or makes text run backwards.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_COLLECT: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.ExtraAdder(),
)


class Formatter(logging.Formatter):
    """Runs processors over what a record says; the last one makes text of it.

    Not structlog's own ProcessorFormatter: it copies each record, which takes as long as all of its processors.
    """

    def __init__(self, render: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = (*_COLLECT, _drop_arguments, *render)

    def format(self, record: logging.LogRecord) -> str:
        """Render a line; one whose arguments do not fit its message is not lost, but says so."""
        try:
            return self._render(record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the line matters more
            said = f"{record.msg!r} {record.args!r} ({type(error).__name__}: {error})"
            return self._render(logging.makeLogRecord({**vars(record), "msg": said, "args": (), "exc_info": None}))

    def _render(self, record: logging.LogRecord) -> str:
        event: Any = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _timestamp(record.created),
            "_record": record,
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        for process in self._processors:
            event = process(None, "", event)
        return str(event)


def _timestamp(seconds: float) -> str:
    # Of one length, so that lines sort as text.
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _drop_arguments(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if event.pop("_record").name == "celery.app.trace":
        # Celery adds the task's arguments, as text in which no key is to be seen.
        event.pop("data", None)
    return event


def redact_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return redact_mapping(event)


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return the line, without secrets. In most there is nothing that looks like one, key or value."""
    with suppress(TypeError, ValueError):
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
