"""What a container of the image runs: `python -m conf.roles ROLE [ARGS]`, and `… health ROLE` for the platform's probe.

One image has all roles. Each is replaced by its program, which gets the platform's signals itself.
"""

import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "conf")
_MANAGE = (sys.executable, "manage.py")
# Seconds after which a program that shows no sign of life hangs; it shows one every 5 s.
_HANGS_AFTER = 60.0
_HELP = {"help", "--help", "-h"}

_USAGE = """\
usage: ROLE [ARGS]

  web                 serve the API on PORT (8000)
  worker [OPTIONS]    run tasks: worker --queues=mail --concurrency=4
  beat                send what the schedules say; any number of them may run
  migrate [OPTIONS]   apply the migrations; several at a time wait for each other
  manage COMMAND      any management command: manage createsuperuser
  health ROLE         exit with 0 if web, worker or beat is well in this container
"""


@dataclass(frozen=True)
class Role:
    """The command line of a role, and the variables that it needs."""

    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def _sign_of_life(role: str) -> Path:
    return Path(os.environ.get("HEALTH_FILE") or Path(tempfile.gettempdir()) / f"{role}.alive")


def role(name: str, arguments: list[str]) -> Role | None:
    """Return what a role runs; None if there is no such role."""
    own = {"HEALTH_FILE": str(_sign_of_life(name))}
    # On TERM, too, a worker returns what it runs after TASK_SHUTDOWN_TIMEOUT, instead of waiting for its end.
    returning = own | {"REMAP_SIGTERM": "SIGQUIT"}
    # By default it would be as many processes as the node has cores, whatever the container may use.
    few = [] if any(word.startswith(("-c", "--concurrency", "--autoscale")) for word in arguments) else ["-c", "2"]
    roles = {
        "web": Role((sys.executable, "-m", "gunicorn", "--config", "python:conf.gunicorn", "conf.wsgi")),
        "worker": Role((*_CELERY, "worker", "--loglevel=INFO", *few), returning),
        "beat": Role((*_CELERY, "beat", "--loglevel=INFO", "--pidfile="), own),
        "migrate": Role((*_MANAGE, "migrate", "--no-input")),
        "manage": Role(_MANAGE),
    }
    return roles.get(name)


def _is_web_well(_name: str) -> bool:
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/livez"
    # Raises an OSError for any other answer than a good one.
    urllib.request.urlopen(url, timeout=3).close()
    return True


def _is_alive(name: str) -> bool:
    return time.time() - _sign_of_life(name).stat().st_mtime < _HANGS_AFTER


_HEALTH: dict[str, Callable[[str], bool]] = {"web": _is_web_well, "worker": _is_alive, "beat": _is_alive}


def health(name: str) -> int:
    """Return the exit status of the probe of a role, and say why if it is not 0."""
    if name not in _HEALTH:
        print(f"There is no health of {name!r}: {', '.join(_HEALTH)}.", file=sys.stderr)  # noqa: T201
        return 2
    try:
        well = _HEALTH[name](name)
        reason = f"no sign of life for {_HANGS_AFTER:.0f} s"
    except OSError as error:
        well, reason = False, str(error)
    if not well:
        print(f"{name} is not well: {reason}", file=sys.stderr)  # noqa: T201 - for the platform's events
    return 0 if well else 1


def main(words: list[str]) -> int:
    """Become the program of a role, or answer a probe."""
    name, *arguments = words or ["help"]
    if name == "health":
        return health(*arguments[:1] or [""])
    found = role(name, arguments)
    if found is None:
        print(_USAGE, file=sys.stdout if name in _HELP else sys.stderr, end="")
        return 0 if name in _HELP else 2
    return _become(name, found, arguments)


def _become(name: str, found: Role, arguments: list[str]) -> NoReturn:
    # A file of an earlier start in the same container would vouch for this one.
    _sign_of_life(name).unlink(missing_ok=True)
    os.environ.update(found.variables)
    os.execv(found.command[0], [*found.command, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
