"""What becomes of a record of the standard library before it is a line: structlog's processors, and ours."""

import json
import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from conf.redaction import redact_mapping

# Made once: json.dumps() makes an encoder for each line. It knows all types that redact_line leaves.
_encode = json.JSONEncoder(separators=(",", ":")).encode
# What moves the cursor, colours, or makes text run backwards.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def formatter(*renderers: Processor) -> dict[str, Any]:
    """Return a formatter for dictConfig; the renderers make text of the event."""
    return {
        "()": Formatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            # Of one length, so that lines sort as text; "iso" leaves the fraction out where it is 0.
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True),
            structlog.processors.format_exc_info,
        ],
        "processors": [redact_line, *renderers],
    }


class Formatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        """Render a line; one whose arguments do not fit its message is not lost, but says so."""
        try:
            return super().format(record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the line matters more
            said = f"{record.msg!r} {record.args!r} ({type(error).__name__}: {error})"
            plain = logging.makeLogRecord({**vars(record), "msg": said, "args": (), "exc_info": None})
            return super().format(plain)


def redact_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None and record.name == "celery.app.trace":
        # Celery adds the task's arguments, as text in which no key is to be seen.
        event.pop("data", None)
    return redact_mapping(event)


def escape_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For a terminal: nothing that a client sent may move its cursor or begin a line of its own."""
    return {key: _escape_lines(value) if key == "exception" else escape(value) for key, value in event.items()}


def _escape_lines(text: str) -> str:
    return "\n".join(escape(line) for line in text.split("\n"))


def escape(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), value)


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event)
