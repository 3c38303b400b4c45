"""Migrating, and knowing without asking Django when there is nothing to migrate."""

import hashlib
import subprocess
import sys

from checkout import paths
from stack.errors import StackError
from stack.settings.environment import Environment


def pending(settings: Environment) -> bool:
    """Return whether there may be something to migrate.

    Asking Django takes a second of every start. That nothing has changed since the last time only
    the files can say: the migrations and the locked packages. Of an external database they say nothing.
    """
    return (
        bool(settings.database_url)
        or not paths.APPLIED_MIGRATIONS.is_file()
        or paths.APPLIED_MIGRATIONS.read_text() != fingerprint()
    )


def migrate() -> None:
    """Apply the migrations. Raises StackError with what Django said where that failed."""
    command = [sys.executable, "manage.py", "migrate", "--no-input"]
    migrated = fingerprint()
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            "the migrations failed; those before the one that failed stay applied. Correct it, then: just up."
            f" Django says:\n{done.stdout}{done.stderr}"
        )
    paths.APPLIED_MIGRATIONS.write_text(migrated)


def forget() -> None:
    """Take it back that everything is applied: the database is a new one."""
    paths.APPLIED_MIGRATIONS.unlink(missing_ok=True)


def fingerprint() -> str:
    """Return what changes when a migration does, of the project or of a package."""
    files = [paths.LOCK_FILE, *sorted(paths.ROOT.glob("apps/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(b"%s\0%s\0" % (bytes(path), path.read_bytes()) for path in files)).hexdigest()
