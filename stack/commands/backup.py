"""`just dump`, and the dumps of databases that other commands replace."""

import subprocess
import time
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.programs import binaries
from stack.settings.database import Database


def dated(what: str) -> Path:
    """Return a new path among the backups, with the date and the reason in its name."""
    paths.BACKUPS.mkdir(mode=0o700, exist_ok=True)
    return paths.BACKUPS / f"{time.strftime('%Y-%m-%d-%H%M%S')}-{what}"


def dump(database: Database, path: Path) -> None:
    """Dump a database into a file that only this user can read, completely or not at all."""
    if path.exists():
        raise StackError(f"{path} is there already, and was left as it is. Name another file.")
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.touch(mode=0o600)
        client(
            database, "pg_dump", "--format=custom", "--no-owner", f"--file={partial}", f"--dbname={database.conninfo()}"
        )
        partial.rename(path)
    except OSError as error:
        raise StackError(f"cannot write {path} ({error.strerror}). Name a file in a directory of yours.") from error
    finally:
        partial.unlink(missing_ok=True)


def require_dump(database: Database, path: Path) -> None:
    """Raise StackError for a file that is not a dump."""
    if not path.is_file():
        raise StackError(f"there is no file {path}. Dumps that were made here: {paths.BACKUPS}")
    client(database, "pg_restore", "--list", str(path))


def load(database: Database, path: Path, name: str) -> None:
    """Read a dump into the empty database of this name, and stop at the first error."""
    options = ("--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={database.conninfo(name)}")
    client(database, "pg_restore", *options, str(path))


def client(database: Database, program: str, *arguments: str) -> None:
    """Run one of Postgres' client programs. Raises StackError with its output if it fails."""
    path = binaries.find().postgres_bin / program
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, check=False, env=database.environment()
        )
    except OSError as error:
        raise StackError(
            f"{path} does not run here ({error.strerror}). Nothing was changed. See: just doctor"
        ) from error
    if done.returncode:
        raise StackError(f"{program} failed. Nothing was changed. It said:\n{done.stderr.strip()}")
