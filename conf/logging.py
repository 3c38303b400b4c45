"""How log lines look and where they go.

The code logs with the standard library (`logging.getLogger(...)`, values in `extra`); structlog only renders.

stdout has every line of its process: readable in a terminal, else JSON for whoever captures it.
Beside it, where LOG_DIR is set, the lines of all processes are stored by kind, each line in exactly one file:
security.log (loggers below django.security), else error.log (ERROR and above), else info.log (django.info, the
structured record of what happened, one line a request included), else app.log.
Rotation is somebody else's job, in one place: processes that rotate a shared file lose each other's lines.
"""

import logging
import re
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

KINDS = ("security", "error", "info", "app")
REDACTED = "[redacted]"
_SECRET_KEY = re.compile(r"passw|token|secret|authorization|cookie|api_?key", re.IGNORECASE)


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
        return super()._open()


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide the values under keys that speak of secrets, at any depth."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: object, value: Any) -> Any:
    if isinstance(key, str) and _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, dict):
        return {inner: _redacted(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_redacted(None, item) for item in value]
    if isinstance(value, tuple):
        return tuple(_redacted(None, item) for item in value)
    return value


def logging_config(*, directory: Path | None, console: bool = True, level: str = "INFO") -> dict[str, Any]:
    """Return the dictConfig for a process; without a directory nothing is stored."""
    handlers: dict[str, dict[str, Any]] = {}
    if console:
        form = "readable" if sys.stdout.isatty() else "json"
        handlers["console"] = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": form}
    if directory:
        handlers |= {kind: _file(directory, kind) for kind in KINDS}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": _formatter(structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)),
            # Not rich's tracebacks: they print the values of local variables, secrets among them.
            "readable": _formatter(structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)),
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
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
        ],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
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
