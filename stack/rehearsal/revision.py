"""The release that the migrations follow: a commit, and its code in a directory of its own."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkout import paths
from stack import git
from stack.errors import StackError

# What is most likely deployed; the first that there is.
_MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


@dataclass(frozen=True)
class Revision:
    """A commit, how people name it, and where its code is."""

    commit: str
    name: str
    code: Path

    @property
    def has_the_same_packages(self) -> bool:
        """Return whether it has this checkout's uv.lock, whose packages it runs with."""
        lock = self.code / paths.LOCK_FILE.name
        return lock.is_file() and lock.read_bytes() == paths.LOCK_FILE.read_bytes()


def migrations(commit: str) -> set[str]:
    """Return the migrations of the apps in a commit, as app.name."""
    files = map(Path, git.git("ls-tree", "-r", "--name-only", "-z", commit, "apps/").split("\0"))
    return {f"{file.parents[1].name}.{file.stem}" for file in files if file.match("apps/*/migrations/[0-9]*.py")}


def find(against: str) -> tuple[str, str]:
    """Return the commit and the name of a revision; without one, of where this branch left the main branch.

    Raises StackError if there is none.
    """
    git.require_repository()
    if against:
        if commit := git.commit(against):
            return commit, against
        raise StackError(f"there is no revision {against!r}. Nothing was done. See: git log")
    for name in _MAIN:
        if git.commit(name):
            base = git.run("merge-base", "HEAD", name).stdout.strip()
            if base:
                return base, f"{name} ({base[:9]})"
    raise StackError("there is no main branch to compare with. Nothing was done. Name a revision: --against REVISION")


def write_code(commit: str, name: str, target: Path) -> Revision:
    """Write the files of a commit into a new directory. Git does not know about it, so nothing is left behind."""
    target.mkdir()
    with tempfile.TemporaryFile(dir=target.parent) as archive:
        _run(["git", "archive", "--format=tar", commit], stdout=archive)
        archive.seek(0)
        _run(["tar", "-x", "-C", str(target)], stdin=archive)
    if paths.DOTENV.is_file():
        (target / ".env").write_bytes(paths.DOTENV.read_bytes())
        (target / ".env").chmod(0o600)
    return Revision(commit, name, target)


def _run(command: list[str], **streams: Any) -> None:
    done = subprocess.run(command, cwd=paths.ROOT, stderr=subprocess.PIPE, check=False, **streams)
    if done.returncode:
        raise StackError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}. The database is as it was.")
