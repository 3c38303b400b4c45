"""A copy of the running cluster, made while it is in use."""

import shutil
import subprocess
from pathlib import Path

from stack.errors import StackError
from stack.processes import unprivileged
from stack.programs import binaries
from stack.settings import database, environment


def take(target: Path) -> None:
    """Copy the checkout's running cluster into a new directory. Raises StackError if it was not copied."""
    own = database.application_database(environment.read())
    program = binaries.find().postgres_bin / "pg_basebackup"
    if not program.is_file():
        raise StackError(
            f"{program} is not there, so that the running database cannot be copied; it is as it was. Set POSTGRES_BIN"
            " to the programs of a whole Postgres, or unset it for the locked ones"
        )
    options = [f"--pgdata={target}", "--checkpoint=fast", "--no-sync", f"--dbname={own.conninfo('postgres')}"]
    done = subprocess.run([program, *options], env=own.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        raise StackError(f"the database was not copied; it is as it was: {done.stderr.strip()}")
    unprivileged.give_ownership(target)
