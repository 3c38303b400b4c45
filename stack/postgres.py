"""The cluster of a checkout: made once, run on a unix socket, never touched by another major version."""

import re
import shutil
import subprocess
from pathlib import Path

from conf import local
from stack import unprivileged
from stack.errors import StackError

CLUSTER = local.STATE / "postgres"

# The same everywhere: no locale of the machine, no ICU.
_INITDB = (
    "--no-locale --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions"
    " --auth-local=trust --auth-host=scram-sha-256"
)


def create(binaries: Path) -> None:
    """Make the cluster. Raises StackError for an initdb that failed.

    Built beside its place and then renamed, so that an interrupted initdb leaves nothing behind.
    """
    new = CLUSTER.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    unprivileged.give(new)
    command = [str(binaries / "initdb"), f"--pgdata={new}", f"--username={local.POSTGRES_USER}", *_INITDB.split()]
    done = subprocess.run(unprivileged.command(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"initdb failed; nothing was changed. It said:\n{done.stdout}{done.stderr}")
    new.rename(CLUSTER)


def refuse_other_version(binaries: Path) -> None:
    """Raise StackError for a cluster that another major version has made."""
    cluster = (CLUSTER / "PG_VERSION").read_text().strip()
    programs = _major_version(binaries)
    if cluster != programs:
        raise StackError(
            f"{CLUSTER} was made by Postgres {cluster}, and the programs here are Postgres {programs}. It was not"
            f" touched. Go back to Postgres {cluster}, or move the directory away and restore a dump."
        )


def _major_version(binaries: Path) -> str:
    printed = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", printed)
    return found[1] if found else printed.strip()


def command(binaries: Path, port: int) -> list[str]:
    """Return the command line of the server; a port of 0 means the socket alone."""
    settings = {
        "unix_socket_directories": str(local.RUNTIME),
        "unix_socket_permissions": "0700",
        "listen_addresses": "127.0.0.1" if port else "",
        "port": str(port or 5432),
        # A failing INSERT would write its values, passwords included, into the log.
        "log_min_error_statement": "panic",
        # And so would the detail of the error: "Failing row contains …".
        "log_error_verbosity": "terse",
        "timezone": "UTC",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return unprivileged.command([str(binaries / "postgres"), "-D", str(CLUSTER), *options], death_signal="INT")
