"""Reloads web, worker and beat when code is saved. It stands beside them, so that broken code cannot take it down.

Gunicorn takes HUP: it keeps its socket and replaces its workers. Celery takes TERM, which lets the
running task end; the supervisor then starts it anew.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from watchfiles import PythonFilter, watch

from conf import local
from stack import supervision
from stack.console import say

SIGNALS = {"web": "HUP", "worker": "TERM", "beat": "TERM"}


class _Code(PythonFilter):
    def __call__(self, change: object, path: str) -> bool:
        """Take Python files of the application, but no tests, and the settings in .env."""
        if Path(path).name == ".env":
            return True
        return "/tests/" not in path and super().__call__(change, path)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _reload() -> None:
    for name, program in supervision.programs().items():
        if name in SIGNALS and program.runs:
            supervision.signal(name, SIGNALS[name])
        elif name in SIGNALS:
            supervision.start([name])


def main() -> None:
    """Watch until stopped."""
    directories = [local.ROOT / "apps", local.ROOT / "conf"]
    for changes in watch(*directories, watch_filter=_Code(), raise_interrupt=False):
        files = sorted({str(Path(path).relative_to(local.ROOT)) for _, path in changes})
        say(json.dumps({"event": "reload", "level": "info", "files": files, "timestamp": _now()}))
        _reload()


if __name__ == "__main__":
    main()
