"""Reloads programs when code is saved. It is a program of its own, so that broken code cannot stop it.

The table of programs has the signal of each. When .env has changed, programs are restarted: a port or the number of
processes is read only at a start.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from watchfiles import PythonFilter, watch

from checkout import paths
from stack.console import say
from stack.errors import StackError
from stack.logs import rotation
from stack.processes.lock import exclusive_if_free
from stack.programs import start_record, supervisor
from stack.programs.table import PROGRAMS, SERVERS
from stack.settings import environment, validation


class _Code(PythonFilter):
    def __init__(self) -> None:
        """Accept Python files, templates and translations, all of which Django caches."""
        super().__init__(extra_extensions=(".html", ".txt", ".mo"))

    def __call__(self, change: object, path: str) -> bool:
        """Accept files of the application, not of its tests."""
        return "/tests/" not in path and super().__call__(change, path)  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _say(event: str, *, level: str = "info", **fields: object) -> None:
    say(json.dumps({"event": event, "level": level, **fields, "timestamp": _now()}))


def _reload() -> None:
    for name, found in supervisor.programs().items():
        if reload_signal := PROGRAMS[name].reload_signal:
            if found.runs:
                supervisor.signal(name, reload_signal.name.removeprefix("SIG"))
            elif found.was_started:
                supervisor.start([name])


def main() -> None:
    """Watch until stopped."""
    directories = [paths.ROOT / name for name in ("apps", "conf", "checkout")]
    dotenv = _content(paths.DOTENV)
    # Each second, also without changes: editors replace .env, and a file that is replaced cannot be watched.
    for changes in watch(
        *directories, watch_filter=_Code(), raise_interrupt=False, rust_timeout=1000, yield_on_timeout=True
    ):
        if changes:
            _say("reload", files=sorted({str(Path(path).relative_to(paths.ROOT)) for _, path in changes}))
            _reload()
        rotation.rotate()
        if (now := _content(paths.DOTENV)) != dotenv:
            # A recipe that starts or stops programs reads the settings itself, so the two never do so at once.
            with exclusive_if_free("the reloader") as is_free:
                if is_free and _take_settings(now):
                    dotenv = now


def _is_agreed(settings: environment.Environment) -> bool:
    if not (settings.database_url or settings.redis_url):
        return True
    from stack.settings import consent

    return consent.is_agreed(settings)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _take_settings(content: bytes) -> bool:
    """Restart programs whose settings have changed. Servers are not restarted; invalid settings are logged.

    Return False, and do nothing, if .env has changed again meanwhile.
    """
    found = supervisor.programs()
    try:
        changed = start_record.changed(name for name, program in found.items() if program.was_started)
        settings = environment.read()
        validation.require()
    except StackError as error:
        _say("settings not reloaded", level="error", reason=str(error))
        return True
    if _content(paths.DOTENV) != content:
        return False
    if any(name in SERVERS for name in changed) or not _is_agreed(settings):
        _say("settings not reloaded", level="warning", reason="a server would be another one. To take them: just up")
    elif changed:
        _say("settings reloaded", files=[paths.DOTENV.name], programs=changed)
        supervisor.stop(changed)
        supervisor.start(changed)
    return True


if __name__ == "__main__":
    main()
