"""The tests of the older release, on databases that the newer one has migrated."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from checkout.parent_death import signal_when_parent_dies
from stack.data import clones
from stack.data.throwaway import Copy
from stack.errors import StackError
from stack.rehearsal.revision import Revision

# pytest's own exit status when tests failed; others mean that it did not run them.
_SOME_FAILED = 1
_SHOWN = 25
_FEW = 20


@dataclass(frozen=True)
class FailedTest:
    """A test of the older release, by its name in pytest, and the first line of the reason."""

    name: str
    error: str


def run(
    copy: Copy, revision: Revision, template: str, environment: dict[str, str], words: Sequence[str]
) -> list[FailedTest]:
    """Run tests on clones of a database; return what failed. Raises StackError if pytest could not run them."""
    _drop_databases_of_tests(copy)
    failures = copy.directory / "failures"
    failures.unlink(missing_ok=True)
    log = copy.directory / "tests.log"
    given = {"ENVIRONMENT": "test", "REHEARSAL_TEMPLATE": template, "REHEARSAL_FAILURES": str(failures)}
    # Processes of their own for a few tests take longer to start than the tests.
    are_many = len(words) > _FEW or any((revision.code / word).is_dir() for word in words)
    workers = ["-n", "auto", "--dist", "worksteal"] if are_many else ["-n", "0"]
    # In a file, since a command line is not as long as one likes.
    chosen = copy.directory / "tests"
    chosen.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    options = ["-p", "rehearsal_plugin", "-p", "no:cacheprovider", "--quiet", *workers]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, f"@{chosen}"],
            cwd=revision.code,
            env=environment | given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: signal_when_parent_dies(signal.SIGKILL),  # noqa: PLW1509 - it calls the kernel alone
        )
        try:
            status = process.wait()
        finally:
            # Its workers end when they cannot reach it.
            process.kill()
            process.wait()
    if status not in (0, _SOME_FAILED):
        said = "\n".join(log.read_text(errors="replace").strip().splitlines()[-_SHOWN:])
        raise StackError(f"the tests of {revision.name} did not run; the database is as it was. pytest said:\n{said}")
    return _read(failures)


def _read(failures: Path) -> list[FailedTest]:
    lines = failures.read_text(encoding="utf-8").splitlines() if failures.is_file() else []
    # A test may fail, and its end as well.
    found = {(row := json.loads(line))["name"]: FailedTest(row["name"], row["error"]) for line in reversed(lines)}
    return sorted(found.values(), key=lambda test: test.name)


def _drop_databases_of_tests(copy: Copy) -> None:
    """Drop what earlier tests have left, which has another schema."""
    with copy.connect("postgres") as server:
        rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'").fetchall()
        for (name,) in rows:
            clones.drop(server, str(name))


def make_database(copy: Copy, name: str, template: str = "template1") -> None:
    """Make a database of a template; one of this name is replaced."""
    with copy.connect("postgres") as server:
        clones.drop(server, name)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
