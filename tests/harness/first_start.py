"""A first start that many checkouts share: what it leaves is made once in a run of the tests, and copied."""

import fcntl
import shutil
from pathlib import Path

from tests.harness.checkout import Checkout

# A cluster with all migrations, and the record that they are applied.
_STATE = ("postgres", "migrated")


def give(checkout: Checkout, directory: Path) -> None:
    """Give the checkout the state and the bytecode of a first start, made in a directory that all tests know."""
    first = _made_in(directory)
    for path in first.rglob("__pycache__"):
        if first / ".state" not in path.parents:
            shutil.copytree(path, checkout.path / path.relative_to(first), dirs_exist_ok=True)
    checkout.state.mkdir(mode=0o700)
    for name in _STATE:
        copy = shutil.copytree if (first / ".state" / name).is_dir() else shutil.copy2
        copy(first / ".state" / name, checkout.state / name)


def _made_in(directory: Path) -> Path:
    """Return the checkout that was up once and is down; the first process of the tests that asks makes it."""
    path = directory / "first-start"
    with (directory / "first-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (path / ".state/migrated").exists():
            shutil.rmtree(path, ignore_errors=True)
            made = Checkout(path, directory / "first-start-home")
            try:
                made.just("up")
            finally:
                made.just("down")
    return path
