"""`just dump`, and the dumps that other commands make of what they replace."""

import subprocess
import time
from pathlib import Path

from conf import local
from stack import servers
from stack.errors import StackError
from stack.target import Target

BACKUPS = local.STATE / "backups"


def dated(what: str) -> Path:
    """Return a new path among the backups that says when and why."""
    BACKUPS.mkdir(mode=0o700, exist_ok=True)
    return BACKUPS / f"{time.strftime('%Y-%m-%d-%H%M%S')}-{what}"


def dump(target: Target, path: Path) -> None:
    """Write all of a database into a file that only this user can read, whole or not at all."""
    if path.exists():
        raise StackError(f"{path} is there already, and was left as it is. Name another file.")
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.touch(mode=0o600)
        client(target, "pg_dump", "--format=custom", "--no-owner", f"--file={partial}", f"--dbname={target.place()}")
        partial.rename(path)
    except OSError as error:
        raise StackError(f"cannot write {path} ({error.strerror}). Name a file in a directory of yours.") from error
    finally:
        partial.unlink(missing_ok=True)


def require_dump(target: Target, path: Path) -> None:
    """Raise StackError for a file that is no dump."""
    if not path.is_file():
        raise StackError(f"there is no file {path}. Dumps that were made here: {BACKUPS}")
    client(target, "pg_restore", "--list", str(path))


def load(target: Target, path: Path, database: str) -> None:
    """Read a dump into an empty database, and stop at the first error."""
    options = ("--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={target.place(database)}")
    client(target, "pg_restore", *options, str(path))


def client(target: Target, program: str, *arguments: str) -> None:
    """Run one of Postgres' client programs. Raises StackError with what it said where it failed."""
    path = servers.find().postgres_bin / program
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False, env=target.environment())
    except OSError as error:
        raise StackError(
            f"{path} does not run here ({error.strerror}). Nothing was changed. See: just doctor"
        ) from error
    if done.returncode:
        raise StackError(f"{program} failed. Nothing was changed. It said:\n{done.stderr.strip()}")
