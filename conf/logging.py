"""How log lines look and where they go.

The code logs with the standard library (`logging.getLogger(...)`, values in `extra`); structlog only renders.

stdout has every line of its process: readable in a terminal, else JSON for whoever captures it.
Beside it, where LOG_DIR is set, the lines of all processes are stored by kind, each line in exactly one file:
security.log (loggers below django.security), else error.log (ERROR and above), else info.log (django.info, the
structured record of what happened, one line a request included), else app.log.
Rotation is somebody else's job, in one place: processes that rotate a shared file lose each other's lines.
"""

import io
import json
import logging
import re
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from conf.redaction import redact_mapping

KINDS = ("security", "error", "info", "app")
# Bytes. A line is written in one piece, or lines of several processes would mix.
_LONGEST_LINE = 2**20
# Made once: json.dumps() makes an encoder for each line. It knows all types that redact_line leaves.
_encode = json.JSONEncoder(separators=(",", ":")).encode
# What moves the cursor, colours, or makes text run backwards.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def kind_of(record: logging.LogRecord) -> str:
    """Return which one of the files stores this record."""
    if f"{record.name}.".startswith("django.security."):
        return "security"
    if record.levelno >= logging.ERROR:
        return "error"
    return "info" if f"{record.name}.".startswith("django.info.") else "app"


class KindFilter(logging.Filter):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def filter(self, record: logging.LogRecord) -> bool:
        return kind_of(record) == self.kind


class LogFile(WatchedFileHandler):
    """Notices when the file was rotated away; is created, with its directory, by the first line."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename, encoding="utf-8", delay=True)

    def _open(self) -> Any:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return io.TextIOWrapper(_in_one_piece(self.baseFilename, "ab"), encoding="utf-8")


class Console(logging.StreamHandler[Any]):
    def __init__(self) -> None:
        super().__init__(sys.stdout if sys.stdout.isatty() else io.TextIOWrapper(_in_one_piece(1, "wb"), "utf-8"))


def _in_one_piece(file: str | int, mode: str) -> io.BufferedWriter:
    opened = open(file, mode, buffering=_LONGEST_LINE, closefd=not isinstance(file, int))  # noqa: SIM115
    assert isinstance(opened, io.BufferedWriter)  # noqa: S101 - for the type checker: a buffer was asked for
    return opened


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
    return {key: value if key == "exception" else escape(value) for key, value in event.items()}


def escape(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), value)


def render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event)


def logging_config(*, directory: Path | None, console: bool = True, level: str = "INFO") -> dict[str, Any]:
    """Return the dictConfig for a process; without a directory nothing is stored."""
    handlers: dict[str, dict[str, Any]] = {}
    if console:
        handlers["console"] = {"()": Console, "formatter": "readable" if sys.stdout.isatty() else "json"}
    if directory:
        handlers |= {kind: _file(directory, kind) for kind in KINDS}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": _formatter(render_json),
            # Not rich's tracebacks: they print the values of local variables, secrets among them.
            "readable": _formatter(
                escape_line, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            ),
        },
        "filters": {kind: {"()": KindFilter, "kind": kind} for kind in KINDS},
        "handlers": handlers,
        "root": {"level": level, "handlers": list(handlers)},
        "loggers": _LOGGERS,
    }


def _file(directory: Path, kind: str) -> dict[str, Any]:
    return {"()": LogFile, "filename": str(directory / f"{kind}.log"), "formatter": "json", "filters": [kind]}


def _formatter(*renderers: Processor) -> dict[str, Any]:
    return {
        "()": Formatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ],
        "processors": [redact_line, *renderers],
    }


_LOGGERS: dict[str, dict[str, Any]] = {
    # Without handlers of their own, or root's would write each of their lines again.
    "django": {"level": "INFO", "handlers": []},
    "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
    # The access line says the same, and more.
    "django.request": {"level": "ERROR"},
    "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
    # "Task received" comes before the task's context is known; "succeeded" tells arguments and result. The
    # project's own line for each run says more, and less. Failures come with their traceback.
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.app.trace": {"level": "WARNING"},
}
