"""Applies migrations, and knows without Django when there is nothing to apply."""

import hashlib
import subprocess
import sys

from checkout import paths
from stack.errors import StackError
from stack.settings.environment import Environment


def pending(settings: Environment) -> bool:
    """Return whether there may be migrations to apply.

    Asking Django takes a second of every start. If the migrations and the locked packages have not changed, there is
    nothing to do. That says nothing about an external database.
    """
    return (
        bool(settings.database_url)
        or not paths.APPLIED_MIGRATIONS.is_file()
        or paths.APPLIED_MIGRATIONS.read_text() != fingerprint()
    )


def migrate() -> None:
    """Apply the migrations. Raises StackError with Django's output if that fails."""
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
    """Forget that all migrations are applied: the database is new."""
    paths.APPLIED_MIGRATIONS.unlink(missing_ok=True)


def fingerprint() -> str:
    """Return a hash of the migrations of the project and the locked versions of packages."""
    files = [paths.LOCK_FILE, *sorted(paths.ROOT.glob("apps/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(b"%s\0%s\0" % (bytes(path), path.read_bytes()) for path in files)).hexdigest()
