"""Formats log records of the standard library, as JSON or for people."""

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

# Made once: json.dumps() would make an encoder for each record.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
# Attributes of every record; the others come from `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Formatter(logging.Formatter):
    """Run processors in structlog's form over a record; the last one returns text.

    Not structlog's ProcessorFormatter: it copies each record, which takes as long as everything else.
    """

    def __init__(self, render: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = tuple(render)

    def format(self, record: logging.LogRecord) -> str:
        """Format a record. If its arguments do not fit its message, the text says so; nothing is lost."""
        try:
            return self._render(record)
        except Exception as error:  # noqa: BLE001 - the record matters more
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
            # Celery adds the arguments of the task as text, in which no key can be recognized.
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
    """Return the record as JSON, without secrets. In most records no key or value looks like one."""
    with suppress(TypeError, ValueError, RecursionError):
        line = _encode(event)
        # An escaped letter may belong to a word that is searched for.
        if len(line) <= LONGEST and "\\u" not in line and not may_hold_secrets(line):
            return line
    return _encode(redact_mapping(event))


def render_for_people(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return the record as `just logs` shows it, without secrets."""
    time = datetime.fromisoformat(str(event["timestamp"])).timestamp()
    return format_record(redact_mapping(event), time, painter(sys.stdout))
