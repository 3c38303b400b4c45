"""A clone of this repository at a revision, with its own state: what is measured there leaves this checkout alone."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkout import paths

# What this checkout's recipe has set is not the clone's.
_OWN = ("STATE_DIR", "UV_PROJECT_ENVIRONMENT", "POSTGRES_BIN", "REDIS_BIN", "WHEEL_LIBRARIES")


class Clone:
    """A clone, driven by its recipes as a user drives it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def just(self, *words: str) -> float:
        """Run a recipe; return how many seconds it took. Ends the benchmark with its output if it fails."""
        started = time.monotonic()
        done = subprocess.run(
            ["./just", *words], cwd=self.path, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"./just {' '.join(words)} failed in {self.path}:\n{(done.stdout + done.stderr)[-3000:]}")
        return time.monotonic() - started


@contextmanager
def clone(revision: str) -> Iterator[Clone]:
    """Clone this repository at a revision; stop what runs there and delete it at the end."""
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", check=False)
    if not commit:
        sys.exit(f"there is no revision {revision} in this repository. Nothing was measured. Type: git log --oneline")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory:
        path = Path(directory) / "checkout"
        _git("clone", "--quiet", "--no-checkout", str(paths.ROOT), str(path))
        _git("-C", str(path), "checkout", "--quiet", "--detach", commit)
        made = Clone(path)
        try:
            yield made
        finally:
            made.just("down")


def _git(*words: str, check: bool = True) -> str:
    git = shutil.which("git") or "git"
    done = subprocess.run([git, *words], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True, check=check)
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != own)
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OWN and not name.startswith("STACK_") and name not in _settings()
    }
    return kept | {"PATH": path}


def _settings() -> frozenset[str]:
    from stack.bootstrap import variables  # noqa: PLC0415 - the names of the settings are the stack's to know

    return variables.settings(paths.ROOT)
