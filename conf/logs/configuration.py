"""How log lines look and where they go.

The code logs with the standard library (`logging.getLogger(...)`, values in `extra`); structlog only renders.

stdout has every line of its process: readable in a terminal, else JSON for whoever captures it.
Beside it, where LOG_DIR is set, the lines of all processes are stored by kind, each line in exactly one file:
security.log (loggers below django.security), else error.log (ERROR and above), else info.log (django.info, the
structured record of what happened, one line a request included), else app.log.
Rotation is somebody else's job, in one place: processes that rotate a shared file lose each other's lines.
"""

import io
import logging
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from conf.logs import formatter

KINDS = ("security", "error", "info", "app")
# Bytes. A line is written in one piece, or lines of several processes would mix.
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
