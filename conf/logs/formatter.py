"""What becomes of a record of the standard library before it is a line, for machines or for people."""

import json
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from checkout.log_format import format_record
from checkout.text import painter
from conf.logs.redaction import LONGEST, may_hold_secrets, redact_mapping

# Made once: json.dumps() makes an encoder for each line.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
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


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return the line, without secrets. In most there is nothing that looks like one, key or value."""
    with suppress(TypeError, ValueError, RecursionError):
        line = _encode(event)
        # A letter that is escaped might be one of a word that is looked for.
        if len(line) <= LONGEST and "\\u" not in line and not may_hold_secrets(line):
            return line
    return _encode(redact_mapping(event))


def render_for_people(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return the record as `just logs` shows it, without secrets."""
    time = datetime.fromisoformat(str(event["timestamp"])).timestamp()
    return format_record(redact_mapping(event), time, painter(sys.stdout))
