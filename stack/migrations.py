"""Migrating, and knowing without asking Django when there is nothing to migrate."""

import hashlib
import subprocess
import sys

from conf import local
from stack.environment import Environment
from stack.errors import StackError

STAMP = local.STATE / "migrated"


def pending(settings: Environment) -> bool:
    """Say whether there may be something to migrate.

    Asking Django takes a second of every start. That nothing has changed since the last time only
    the files can say: the migrations and the locked packages. Of an external database they say nothing.
    """
    return bool(settings.database_url) or not STAMP.is_file() or STAMP.read_text() != fingerprint()


def migrate() -> None:
    """Apply the migrations. Raises StackError with what Django said where that failed."""
    command = [sys.executable, "manage.py", "migrate", "--no-input"]
    migrated = fingerprint()
    done = subprocess.run(command, cwd=local.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            "the migrations failed; those before the one that failed stay applied. Correct it, then: just up."
            f" Django says:\n{done.stdout}{done.stderr}"
        )
    STAMP.write_text(migrated)


def forget() -> None:
    """Take it back that everything is applied: the database is a new one."""
    STAMP.unlink(missing_ok=True)


def fingerprint() -> str:
    """Return what changes when a migration does, of the project or of a package."""
    files = [local.ROOT / "uv.lock", *sorted(local.ROOT.glob("apps/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(b"%s\0%s\0" % (bytes(path), path.read_bytes()) for path in files)).hexdigest()
