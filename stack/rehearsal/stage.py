"""The copy, brought to the schema of the older release, and the two releases of the code on it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from checkout import paths, servers
from stack.console import say, step
from stack.data import code
from stack.data.throwaway import Copy, servers_on_a_copy
from stack.errors import StackError
from stack.lifecycle import up_down
from stack.processes.children import Child
from stack.rehearsal import revision
from stack.rehearsal.revision import Revision


@dataclass(frozen=True)
class Stage:
    """The copy, the older release, and the migrations that it does not have, in their order, as app.name."""

    copy: Copy
    older: Revision
    pending: list[str]

    def environment(self, database: str = servers.POSTGRES_DATABASE) -> dict[str, str]:
        """Return the environment of a program on a database of the copy."""
        return self.copy.environment(database)

    def migrator(self, database: str = servers.POSTGRES_DATABASE) -> Child:
        """Start this checkout's code on a database of the copy, to run migrations one by one."""
        words = ["manage.py", "rehearsemigrations"]
        log = self.copy.directory / f"{database}.log"
        return Child(words, cwd=paths.ROOT, environment=self.environment(database), log=log)

    def migrate_with_older_code(self, database: str = servers.POSTGRES_DATABASE) -> None:
        """Apply the migrations of the older release. Raises StackError if they fail."""
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input"],
            cwd=self.older.code,
            env=self.environment(database),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".strip()
            raise StackError(
                f"the migrations of {self.older.name} failed on the copy; the database is as it was:\n{said}"
            )


@contextmanager
def stage(commit: str, name: str, pending: set[str]) -> Iterator[Stage]:
    """Copy the database, and bring the copy to the schema of a commit. Raises StackError if that is not possible."""
    with ExitStack() as resources:
        with up_down.with_servers("rehearse"), step("a copy of the database, with servers of its own"):
            copy = resources.enter_context(servers_on_a_copy())
        older = revision.write_code(commit, name, copy.directory / "code")
        if not older.has_the_same_packages:
            say(f"  {name} has another uv.lock. It runs with the packages of this checkout, not with its own.")
        _refuse_unknown(copy)
        unordered = Stage(copy, older, sorted(pending))
        with unordered.migrator() as migrator:
            plan = migrator.ask(do="plan")
            _go_back(migrator, [each for each in plan if _id(each) in pending and each["applied"]])
        with step(f"the schema of {name}"):
            unordered.migrate_with_older_code()
            with copy.connect() as connection:
                connection.execute("ANALYZE")
        yield Stage(copy, older, [_id(each) for each in plan if _id(each) in pending])


def _id(migration: dict[str, Any]) -> str:
    return f"{migration['app']}.{migration['name']}"


def _refuse_unknown(copy: Copy) -> None:
    with copy.connect() as connection:
        applied = set(code.of_the_project(code.all_migrations(connection)))
    if unknown := sorted(applied - code.known_migrations()):
        raise StackError(
            f"the database has migrations that this code does not have: {', '.join(unknown)}. Nothing was rehearsed."
            " The database is as it was. `just up` says which branch has them."
        )


def _go_back(migrator: Child, applied: list[dict[str, Any]]) -> None:
    """Take back what is to be rehearsed and is applied already."""
    for migration in reversed(applied):
        with step(f"{_id(migration)} is applied: taken back on the copy"):
            done = migrator.ask(do="backwards", app=migration["app"], name=migration["name"])
            if done["error"]:
                raise StackError(
                    f"{_id(migration)} is applied in the database, and cannot be taken back on the copy:"
                    f" {done['error']}. The database is as it was. Bring it to before that migration (just rewind"
                    " SNAPSHOT, just restore FILE, or just reset), and rehearse again before `just up` applies it."
                )
