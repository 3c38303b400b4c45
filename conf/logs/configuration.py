"""The logging configuration: which records go where, and how they look.

The code logs with the standard library (`logging.getLogger(...)`, values in `extra`); structlog only renders.

stdout gets every record of its process: readable in a terminal, otherwise JSON. If LOG_DIR is set, the records of all
processes are also stored by kind, each in exactly one file:
security.log (loggers below django.security), else error.log (ERROR and above), else info.log (django.info, the
structured record of what happened, one record a request included), else app.log.
Rotation happens elsewhere, in one place: processes that rotate a shared file lose each other's records.
"""

import io
import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from conf.logs import formatter

KINDS = ("security", "error", "info", "app")
# Bytes. A record is written in one piece: otherwise records of several processes would mix.
_LONGEST_LINE = 2**20


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
    """A file that is reopened after a rotation. The first record creates it and its directory."""

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
            "json": {"()": formatter.Formatter, "render": [formatter.render_json]},
            "readable": {
                "()": formatter.Formatter,
                "render": [formatter.render_for_people],
            },
        },
        "filters": {kind: {"()": KindFilter, "kind": kind} for kind in KINDS},
        "handlers": handlers,
        "root": {"level": level, "handlers": list(handlers)},
        "loggers": _LOGGERS,
    }


def _file(directory: Path, kind: str) -> dict[str, Any]:
    return {"()": LogFile, "filename": str(directory / f"{kind}.log"), "formatter": "json", "filters": [kind]}


_LOGGERS: dict[str, dict[str, Any]] = {
    # Without handlers of their own: the root logger's would write each record again.
    "django": {"level": "INFO", "handlers": []},
    "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
    # The access log has the same, and more.
    "django.request": {"level": "ERROR"},
    "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
    # "Task received" comes before the task's context is bound; "succeeded" contains arguments and result. The
    # project's own record of each run replaces both. Failures are logged with their traceback.
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.app.trace": {"level": "WARNING"},
}
