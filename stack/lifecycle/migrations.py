"""Applies migrations, and knows without Django when there is nothing to apply."""

import hashlib
import json
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
    return bool(settings.database_url) or _applied() != _files()


def migrate() -> None:
    """Apply the migrations. Raises StackError with Django's output if that fails."""
    command = [sys.executable, "manage.py", "migrate", "--no-input"]
    migrated = _files()
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            "the migrations failed; those before the one that failed stay applied. Correct it, then: just up."
            f" Django says:\n{done.stdout}{done.stderr}"
        )
    paths.APPLIED_MIGRATIONS.write_text(json.dumps(migrated, indent=0))


def rewritten() -> list[str]:
    """Return the migrations whose files have changed since they were applied: Django does not apply them again."""
    applied, lock = _applied(), str(paths.LOCK_FILE.relative_to(paths.ROOT))
    return [name for name, found in _files().items() if name != lock and applied.get(name, found) != found]


def forget() -> None:
    """Forget that all migrations are applied: the database is new."""
    paths.APPLIED_MIGRATIONS.unlink(missing_ok=True)


def fingerprint() -> str:
    """Return a hash of the migrations of the project and the locked versions of packages."""
    return hashlib.sha256(json.dumps(_files()).encode()).hexdigest()


def _files() -> dict[str, str]:
    """Return the hash of each file that decides what is migrated."""
    files = [paths.LOCK_FILE, *sorted(paths.ROOT.glob("apps/*/migrations/*.py"))]
    return {str(path.relative_to(paths.ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _applied() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(paths.APPLIED_MIGRATIONS.read_text())
    except (OSError, ValueError):
        return {}
    return found
