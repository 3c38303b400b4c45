"""A server on a cluster for this command alone: on sockets of its own, and gone when the command ends."""

import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from checkout import paths, servers
from stack.data import throwaway
from stack.errors import StackError
from stack.processes import discovery, unprivileged
from stack.processes.signals import signals_ignored

if TYPE_CHECKING:
    from subprocess import Popen

# Below the directory of the sockets, which the next start removes in any case. Nobody looks for servers here.
_PLACE = paths.RUNTIME / "upgrade"
_PORT = 5432
# Recovery after a crash takes its time; it ends when the server gives up.
_READY_SECONDS = 600

# Whatever the configuration of an old cluster says: nothing is written but what a start needs, nobody else connects.
OLD = {
    "default_transaction_read_only": "on",
    "autovacuum": "off",
    "archive_mode": "off",
    "jit": "off",
    "ssl": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    # The machine may lack the former ones, and money is written as the new cluster reads it.
    **dict.fromkeys(("lc_messages", "lc_monetary", "lc_numeric", "lc_time"), "C"),
}
# Quick, since the cluster is written to the disk at the end.
NEW = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "maintenance_work_mem": "256MB",
}


@dataclass(frozen=True)
class Server:
    """A running server, by the directory of its socket."""

    sockets: Path

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect to a database; each statement is committed by itself."""
        return psycopg.connect(
            host=str(self.sockets),
            port=_PORT,
            user=servers.POSTGRES_USER,
            dbname=database,
            autocommit=True,
            # Whatever encoding the database has.
            client_encoding="utf8",
        )

    def options(self) -> list[str]:
        """Return the options with which a client program finds it."""
        return [f"--host={self.sockets}", f"--port={_PORT}", f"--username={servers.POSTGRES_USER}", "--no-password"]


@contextmanager
def running(
    name: str, programs: Path, data: Path, settings: Mapping[str, str], *, lock: int | None = None
) -> Iterator[Server]:
    """Run a server on a cluster for the block. It inherits the lock, a descriptor, and keeps it as long as it lives.

    Raises StackError with what it said if it does not start.
    """
    directory = _PLACE / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    log = directory / "log"
    # A process of this checkout's Postgres: should the command be killed, the next one ends it.
    variables = discovery.mark() | {"SUPERVISOR_PROCESS_NAME": "postgres"}
    process = throwaway.start(
        _command(directory, programs, data, settings),
        log,
        signal.SIGINT,
        pass_fds=() if lock is None else (lock,),
        **variables,
    )
    try:
        server = Server(directory)
        _wait(server, process, log)
        yield server
    finally:
        with signals_ignored():
            # A fast shutdown: it ends its sessions, and writes a checkpoint.
            process.send_signal(signal.SIGINT)
            process.wait()
            shutil.rmtree(directory, ignore_errors=True)
            with suppress(OSError):
                _PLACE.rmdir()


def _command(directory: Path, programs: Path, data: Path, settings: Mapping[str, str]) -> list[str]:
    rules = directory / "pg_hba.conf"
    rules.write_text("local all all trust\n")
    own = {
        "unix_socket_directories": str(directory),
        "unix_socket_permissions": "0700",
        "listen_addresses": "",
        "port": str(_PORT),
        "hba_file": str(rules),
    }
    options = [f"--{setting}={value}" for setting, value in (dict(settings) | own).items()]
    return unprivileged.command([str(programs / "postgres"), "-D", str(data), *options], death_signal="INT")


def _wait(server: Server, process: "Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    # It answers before it knows who asks for which database.
    where = f"host={server.sockets} port={_PORT}".encode()
    while psycopg.pq.PGconn.ping(where) != psycopg.pq.Ping.OK:
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip()
            raise StackError(f"a server did not start. The cluster is as it was. It said:\n{said}")
        time.sleep(0.05)
