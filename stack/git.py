"""Git, asked about this checkout."""

import shutil
import subprocess
from collections.abc import Callable, Mapping

from checkout import paths
from stack.errors import StackError

# How a file of the project reads; None if there is none. A path of the working tree or of a commit.
Read = Callable[[str], str | None]


class GitError(StackError):
    """Git refused. The message is its own."""


def git(*words: str, given: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return what Git prints for a command in this checkout. Raises GitError if it fails."""
    done = run(*words, given=given, environment=environment)
    if done.returncode:
        raise GitError(f"git {words[0]}: {(done.stderr or done.stdout).strip() or f'exit status {done.returncode}'}")
    return done.stdout


def run(
    *words: str, given: str | None = None, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run Git, and return how it ended. Raises StackError without Git."""
    program = shutil.which("git")
    if not program:
        raise StackError("there is no git. Nothing was changed. Install it, then try again.")
    return subprocess.run(
        [program, *words], cwd=paths.ROOT, input=given, env=environment, capture_output=True, text=True, check=False
    )


def require_repository() -> None:
    """Raise StackError outside of a repository whose top is this checkout."""
    top = run("rev-parse", "--show-prefix")
    if top.returncode or top.stdout.strip():
        raise StackError(
            f"{paths.ROOT} is no Git repository of its own. Nothing was changed. Type: git init && git add ."
        )


def commit(revision: str) -> str:
    """Return the id of a commit; empty if there is no such commit."""
    return run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").stdout.strip()


def reader(revision: str) -> Read:
    """Return how the files of a commit read."""

    def read(path: str) -> str | None:
        shown = run("show", f"{revision}:{path}")
        return None if shown.returncode else shown.stdout

    return read


def working_tree(path: str) -> str | None:
    """Return how a file of the working tree reads; None if there is none."""
    file = paths.ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else None
