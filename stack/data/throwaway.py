"""Servers of a command's own, on a copy of the checkout's data, which are gone when the command ends.

A command that tries something out runs it here: what it does cannot reach the checkout's database or queue.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from checkout import paths, servers
from checkout.parent_death import signal_when_parent_dies
from stack.data import base_backup
from stack.errors import StackError
from stack.processes import unprivileged
from stack.programs import binaries
from stack.settings import environment

_PREFIX = "copy."
# Nothing here outlives the command, so nothing waits for the disk.
_POSTGRES = "fsync=off full_page_writes=off synchronous_commit=off listen_addresses= timezone=UTC log_timezone=UTC"
_READY_SECONDS = 30


@dataclass(frozen=True)
class Copy:
    """A running Postgres and Redis: the directory of their sockets, and of their files and logs."""

    sockets: Path
    directory: Path

    def connect(self, database: str = servers.POSTGRES_DATABASE) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect to a database of the copy; each statement is committed by itself."""
        user = servers.POSTGRES_USER
        return psycopg.connect(host=str(self.sockets), port=5432, user=user, dbname=database, autocommit=True)

    def settings(self, database: str = servers.POSTGRES_DATABASE) -> dict[str, str]:
        """Return the variables with which the application uses a database of the copy, and its Redis."""
        url = f"postgres://{servers.POSTGRES_USER}@/{database}?host={self.sockets}"
        redis_url = f"unix://{self.redis_socket}"
        tests = {"TEST_DATABASE_URL": url, "TEST_REDIS_URL": redis_url}
        return {"DATABASE_URL": url, "REDIS_URL": redis_url, **tests}

    def environment(self, database: str = servers.POSTGRES_DATABASE) -> dict[str, str]:
        """Return the environment of a program on the copy: its state is its own, and it reaches nothing else.

        What is set here wins over the .env of the code.
        """
        state = self.directory / "state"
        state.mkdir(mode=0o700, exist_ok=True)
        given = {name: value for name, value in os.environ.items() if name not in ("PORT", "VIRTUAL_ENV")}
        own = {"ENVIRONMENT": "development", "STATE_DIR": str(state), "LOG_DIR": "", "PYTHONDONTWRITEBYTECODE": "1"}
        settings = self.settings(database)
        nobody = {"SENTRY_DSN": "", "EMAIL_URL": "", "METRICS_TOKEN": "", "METRICS_PORT": "0"}
        return given | own | nobody | settings | {"DATABASE_DIRECT_URL": settings["DATABASE_URL"]}

    @property
    def redis_socket(self) -> Path:
        """Return the socket of the copy's Redis, which is empty at the start."""
        return self.sockets / "redis.sock"


@contextmanager
def servers_on_a_copy() -> Iterator[Copy]:
    """Copy the running cluster, and start a Postgres on the copy and an empty Redis for the block.

    The checkout's own cluster has to run; the caller need not hold the checkout's lock once the block has begun.
    Raises StackError for an external DATABASE_URL, whose files cannot be copied.
    """
    if environment.read().database_url:
        raise StackError(
            "DATABASE_URL names a server of its own, whose files cannot be copied. Nothing was done. Unset it, and"
            " bring the rows here: just restore FILE"
        )
    _remove_leftovers()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=paths.STATE))
    lock = _lock(directory)
    sockets = Path(tempfile.mkdtemp(prefix=f"{paths.RUNTIME.name}.", dir=paths.RUNTIME.parent))
    (directory / "sockets").write_text(str(sockets))
    started: list[subprocess.Popen[bytes]] = []
    copy = Copy(sockets, directory)
    try:
        base_backup.take(directory / "postgres")
        started += [_start_redis(copy), _start_postgres(copy)]
        _wait(copy, started)
        yield copy
    finally:
        for process in started:
            process.send_signal(signal.SIGQUIT if process is started[-1] else signal.SIGTERM)
        for process in started:
            process.wait()
        _remove(directory)
        os.close(lock)


def _start_postgres(copy: Copy) -> subprocess.Popen[bytes]:
    settings = [*_POSTGRES.split(), f"unix_socket_directories={copy.sockets}", "port=5432"]
    program = str(binaries.find().postgres_bin / "postgres")
    options = [f"--{setting}" for setting in settings]
    command = unprivileged.command([program, "-D", str(copy.directory / "postgres"), *options], death_signal="QUIT")
    return start(command, copy.directory / "postgres.log", signal.SIGQUIT)


def _start_redis(copy: Copy) -> subprocess.Popen[bytes]:
    settings = {
        "port": "0",
        "unixsocket": str(copy.redis_socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(copy.directory),
        "databases": str(servers.REDIS_DATABASE_COUNT),
    }
    command = [
        str(binaries.find().redis_server),
        *(word for key, value in settings.items() for word in (f"--{key}", value)),
    ]
    return start(command, copy.directory / "redis.log", signal.SIGTERM)


def start(
    command: list[str], log: Path, death_signal: signal.Signals, *, pass_fds: Sequence[int] = (), **variables: str
) -> subprocess.Popen[bytes]:
    """Start a server that ends when this process does; it inherits the descriptors and gets the variables."""
    # The libraries are for Python's wheels only.
    variables = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"} | variables
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
            # Ctrl-C in the terminal is for the command, which ends its servers itself.
            start_new_session=True,
            preexec_fn=lambda: signal_when_parent_dies(death_signal),  # noqa: PLW1509 - it calls the kernel alone
        )


def _wait(copy: Copy, started: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(copy):
        if any(process.poll() is not None for process in started) or time.monotonic() > deadline:
            said = "".join((copy.directory / name).read_text() for name in ("postgres.log", "redis.log"))
            raise StackError(f"the servers of the copy did not start; the data are as they were. They said:\n{said}")
        time.sleep(0.05)


def _answers(copy: Copy) -> bool:
    try:
        copy.connect("postgres").close()
        with redis.Redis(unix_socket_path=str(copy.redis_socket), socket_timeout=2) as client:
            return bool(client.ping())
    except (psycopg.OperationalError, redis.RedisError):
        return False


def _lock(directory: Path) -> int:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def _remove_leftovers() -> None:
    """Remove the copies of commands that were killed; their servers ended with them."""
    for directory in paths.STATE.glob(f"{_PREFIX}*"):
        try:
            lock = _lock(directory)
        except OSError:
            continue
        _remove(directory)
        os.close(lock)


def _remove(directory: Path) -> None:
    sockets = directory / "sockets"
    if sockets.is_file():
        shutil.rmtree(sockets.read_text(), ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
