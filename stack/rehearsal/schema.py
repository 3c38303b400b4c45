"""The schema of a database as text, to see whether a migration goes back to where it came from."""

import difflib
import re
import subprocess

from stack.data.throwaway import Copy
from stack.errors import StackError
from stack.programs import binaries
from stack.settings import database, environment

# A random word a run, comments, and what is set for the restore.
_NOISE = re.compile(r"^(\\(un)?restrict .*|--.*|SET .*|SELECT pg_catalog\.set_config.*)$", re.MULTILINE)


def dump(copy: Copy) -> str:
    """Return the schema of the copy's database. Raises StackError if pg_dump fails."""
    program = binaries.find().postgres_bin / "pg_dump"
    url = copy.settings()["DATABASE_URL"]
    # The password of the checkout's own server does no harm, and foreign variables are left out.
    given = database.application_database(environment.read()).environment()
    command = [str(program), "--schema-only", "--no-owner", f"--dbname={url}"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"pg_dump: {done.stderr.strip()}. The database is as it was.")
    return normalised(done.stdout)


def normalised(text: str) -> str:
    """Return a dump without what differs from run to run, and with the columns of tables sorted.

    A column that was dropped comes back as the last one, which makes no difference.
    """
    statements = (statement.strip() for statement in re.split(r"\n{2,}", _NOISE.sub("", text)))
    return "\n\n".join(_sorted_columns(statement) for statement in statements if statement)


def _sorted_columns(statement: str) -> str:
    if not statement.startswith("CREATE TABLE"):
        return statement
    head, *columns, tail = statement.splitlines()
    return "\n".join([head, *sorted(column.rstrip(",") for column in columns), tail])


def difference(before: str, after: str, *, lines: int = 6) -> str:
    """Return the first lines that differ; empty if none does."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    changed = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    more = [f"… and {len(changed) - lines} more"] if len(changed) > lines else []
    return "\n".join([*changed[:lines], *more])
