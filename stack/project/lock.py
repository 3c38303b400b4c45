"""uv.lock after a merge: what both sides have locked stays, and uv completes it."""

import shutil
import subprocess

from checkout import paths
from stack import git
from stack.console import say
from stack.project.names import LOCK


def resolve() -> bool:
    """End a conflict: take the template's side where both have changed the same lines; `refresh` corrects the rest.

    Return False if one side has no such file, which is for people to decide.
    """
    if any(git.run("cat-file", "-e", f":{stage}:{LOCK}").returncode for stage in (1, 2, 3)):
        return False
    sides = {stage: git.git("show", f":{stage}:{LOCK}") for stage in (1, 2, 3)}
    files = {stage: paths.STATE / f"lock.{stage}" for stage in sides}
    try:
        for stage, file in files.items():
            file.write_text(sides[stage], encoding="utf-8")
        base, ours, theirs = (str(files[stage]) for stage in (1, 2, 3))
        merged = git.git("merge-file", "--theirs", "--stdout", ours, base, theirs)
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)
    (paths.ROOT / LOCK).write_text(merged, encoding="utf-8")
    git.git("add", "--", LOCK)
    return True


def refresh() -> bool:
    """Lock again if pyproject.toml asks for something else; return whether it was needed, and worked."""
    if _uv("lock", "--check").returncode == 0:
        return False
    done = _uv("lock")
    if done.returncode:
        say(f"uv.lock does not fit pyproject.toml, and uv could not correct it: {done.stderr.strip()}")
        say("Type: just uv lock, then git commit --amend uv.lock")
    return done.returncode == 0


def _uv(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [shutil.which("uv") or "uv", *words], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
