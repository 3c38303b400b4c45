"""The Postgres cluster of a checkout: created once, on a unix socket."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from checkout import paths, servers
from stack.errors import StackError
from stack.processes import discovery, unprivileged
from stack.programs import binaries, data_lock
from stack.settings import environment

CLUSTER = paths.POSTGRES_DATA
PID_FILE = CLUSTER / "postmaster.pid"

# What begins so was left by a command that was interrupted.
_NEW = "postgres.new."

# The same everywhere: no locale of the machine, no ICU.
_INITDB = (
    "--no-locale --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions"
    " --auth-local=trust --auth-host=scram-sha-256"
)


def sockets() -> Iterator[Path]:
    """Return the sockets of the server and their lock files."""
    return paths.RUNTIME.glob(".s.PGSQL.*")


def clear_stale_files() -> None:
    """Remove the files of a killed server. Call it with the lock of the cluster held.

    Postgres itself gives up if the pid in one of them belongs to another program by now.
    """
    if not _is_alive(PID_FILE):
        PID_FILE.unlink(missing_ok=True)
        for path in sockets():
            path.unlink(missing_ok=True)


def _is_alive(pid_file: Path) -> bool:
    """Return whether the server runs although the lock is free, since it was started by hand.

    The process has to be a postgres that started at the recorded time, within the precision of clocks.
    """
    try:
        pid, _data, started, *_ = pid_file.read_text().splitlines()
        process = psutil.Process(int(pid))
        is_same = "postgres" in process.name() and abs(process.create_time() - int(started)) < 3  # noqa: PLR2004
        return is_same and discovery.is_alive(process)
    except (OSError, ValueError, psutil.Error):
        return False


def create(directory: Path) -> None:
    """Create the cluster. Raises StackError if initdb fails."""
    new = create_beside(directory)
    try:
        new.rename(CLUSTER)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def create_beside(directory: Path) -> Path:
    """Create a cluster under another name, and return its path. Raises StackError if initdb fails.

    An interrupted initdb leaves nothing behind: the caller renames what is complete. The name is new each time, since
    the initdb of an `up` that was killed may still write.
    """
    remove_abandoned()
    new = name_beside()
    try:
        unprivileged.give_ownership(new)
        _initdb(directory, new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return new


def remove_abandoned() -> None:
    """Delete what an interrupted command has left beside the cluster. Call it with the lock of the checkout held."""
    for abandoned in paths.STATE.glob(f"{_NEW}*"):
        shutil.rmtree(abandoned, ignore_errors=True)


def name_beside() -> Path:
    """Make an empty directory whose name nothing else uses; what is in it may be deleted at any time."""
    return Path(tempfile.mkdtemp(prefix=_NEW, dir=paths.STATE))


def _initdb(directory: Path, new: Path) -> None:
    _run_initdb(directory, f"--pgdata={new}", f"--username={servers.POSTGRES_USER}", *_INITDB.split())


def write_to_disk(directory: Path, cluster: Path) -> None:
    """Have the system write a cluster to the disk, whose server ran without that."""
    _run_initdb(directory, f"--pgdata={cluster}", "--sync-only")


def _run_initdb(directory: Path, *options: str) -> None:
    command = unprivileged.command([str(directory / "initdb"), *options])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            # If it were killed, as run() does, its own processes would continue to write.
            process.terminate()
            raise
    if process.returncode:
        raise StackError(f"initdb failed; nothing was changed. It said:\n{said}")


def major_version(directory: Path) -> str:
    """Return the major version of a directory of programs. Raises StackError if they do not run."""
    try:
        done = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackError(f"{directory / 'postgres'} does not run here. Correct POSTGRES_BIN: {error}") from error
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return found[1] if found else done.stdout.strip()


def start_command() -> list[str]:
    """Claim the cluster for this process, and return the command line of its server."""
    data_lock.claim_for_server(CLUSTER)
    clear_stale_files()
    unprivileged.give_ownership(CLUSTER)
    return command(binaries.find().postgres_bin, environment.read().postgres_port)


def command(directory: Path, port: int) -> list[str]:
    """Return the command line of the server in a directory of programs. A port of 0 means only the socket."""
    settings = {
        "unix_socket_directories": str(paths.RUNTIME),
        "unix_socket_permissions": "0700",
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or 5432),
        # A failing INSERT would log its values, passwords included.
        "log_min_error_statement": "panic",
        # So would the detail of an error: "Failing row contains …".
        "log_error_verbosity": "terse",
        "timezone": "UTC",
        # The default is the time zone in which the cluster was created; `just logs` sorts records by time.
        "log_timezone": "UTC",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return unprivileged.command([str(directory / "postgres"), "-D", str(CLUSTER), *options], death_signal="INT")
