"""The programs of the stack, one entry each: how to start, watch, reload and stop them.

supervisord's configuration is rendered from this table, and every command reads it. To run another program, add an
entry; `just up` then starts it. A second worker, which takes only the tasks of the queue "mail":

    celery_worker("mail-worker", "--queues=mail", "--hostname=mail@%h"),
"""

import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.programs import postgres, redis, web

_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "conf")


@dataclass(frozen=True)
class Program:
    """What the stack knows about a program.

    Attributes:
        name: What people and supervisord call it.
        command: Returns the command line. It runs in the process that becomes the program.
        data: The data directory of a server. Servers start before the application and stop after it.
        component: The component of /healthz that is ready when the program is. Without one, a program is ready when
            it has run for two seconds.
        stop_signal: Asks it to end.
        stop_seconds: After that many seconds it is killed.
        death_signal: What the kernel sends when the supervisor has died.
        reload_signal: Sent when code is saved. A program without one keeps running.
        settings: The settings that it depends on; None for all of them.
        log: The name of its log, without the suffix; the name of the program unless it differs.
        log_megabytes: The size at which its log is rotated.
    """

    name: str
    command: Callable[[], list[str]]
    data: Path | None = None
    component: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 10
    death_signal: signal.Signals = signal.SIGTERM
    reload_signal: signal.Signals | None = None
    settings: tuple[str, ...] | None = None
    log: str = ""
    log_megabytes: int = 10

    @property
    def log_name(self) -> str:
        """Return what `just logs` calls it."""
        return self.log or self.name

    @property
    def log_file(self) -> Path:
        """Return the file with what the program printed."""
        return paths.LOGS / f"{self.log_name}.log"


def celery_worker(name: str, *options: str) -> Program:
    """Return the entry of a worker; the options are those of `celery worker`."""
    # There are no other workers in development; looking for them takes a second of every start.
    alone = ("--without-gossip", "--without-mingle")
    return Program(
        name,
        lambda: [*_CELERY, "worker", "--loglevel=INFO", "--concurrency=2", *alone, *options],
        component="worker",
        # Celery's soft shutdown: running tasks are returned to the queue.
        stop_signal=signal.SIGQUIT,
        stop_seconds=30,
        # A worker that was asked to end would wait for its Redis, which ends at the same moment. Its tasks are
        # returned when its lease has run out.
        death_signal=signal.SIGKILL,
        # A warm shutdown, in which the running task ends; the supervisor then starts it again.
        reload_signal=signal.SIGTERM,
    )


_ENTRIES = (
    Program(
        "postgres",
        postgres.start_command,
        data=paths.POSTGRES_DATA,
        # A fast shutdown: sessions are ended, not waited for.
        stop_signal=signal.SIGINT,
        stop_seconds=20,
        death_signal=signal.SIGINT,
        settings=("POSTGRES_PORT",),
    ),
    Program("redis", redis.start_command, data=paths.REDIS_DATA, stop_seconds=20, settings=("REDIS_PORT",)),
    # Gunicorn replaces its workers and keeps its socket.
    Program("web", web.start_command, component="web", reload_signal=signal.SIGHUP, log="backend"),
    celery_worker("worker"),
    Program(
        "beat",
        # No pid file: one that a killed beat leaves behind would keep the next one from starting.
        lambda: [*_CELERY, "beat", "--loglevel=INFO", "--pidfile="],
        component="beat",
        reload_signal=signal.SIGTERM,
    ),
    Program(
        "reload",
        lambda: [sys.executable, "-m", "stack.programs.reloader"],
        stop_seconds=5,
        settings=(),
        log_megabytes=1,
    ),
)

PROGRAMS = {program.name: program for program in _ENTRIES}
SERVERS = tuple(program.name for program in _ENTRIES if program.data)
APPLICATION = tuple(program.name for program in _ENTRIES if not program.data)
# The data directories of the servers, by name.
DATA = {program.name: program.data for program in _ENTRIES if program.data}


def find(name: str) -> Program:
    """Return the program that people call by this name or by that of its log: web is the backend, too.

    Raises StackError if there is none.
    """
    found = next((program for program in _ENTRIES if name in (program.name, program.log_name)), None)
    if not found:
        names = dict.fromkeys([*(program.log for program in _ENTRIES if program.log), *PROGRAMS])
        raise StackError(f"there is no program called {name}. There are: {', '.join(names)}.")
    return found


def components(names: Iterable[str]) -> set[str]:
    """Return the components of /healthz that the programs of these names stand for."""
    return {PROGRAMS[name].component for name in names} - {""}
