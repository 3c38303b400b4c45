"""A new cluster takes the place of the old one, in three renames.

Whatever is killed between two of them, the next start finds the old or the new one, whole:

    postgres.new.…  →  postgres.next       it is complete, and on the disk
    postgres        →  postgres.15         the old one is kept
    postgres.next   →  postgres
"""

import os
import re
import shutil
from pathlib import Path

from checkout import paths
from stack.programs import postgres

_KEPT = re.compile(r"postgres\.\d+")


def take_place(new: Path, major: str) -> None:
    """Put a new cluster, whose server has stopped, in the place of the one of an older major version."""
    _rename(new, paths.POSTGRES_NEXT)
    _rename(paths.POSTGRES_DATA, kept(major))
    _rename(paths.POSTGRES_NEXT, paths.POSTGRES_DATA)


def complete() -> bool:
    """Complete or undo an exchange that was interrupted; return whether the new cluster took its place now.

    Call it with the lock of the checkout held.
    """
    postgres.remove_abandoned()
    if not paths.POSTGRES_NEXT.exists():
        return False
    if paths.POSTGRES_DATA.exists():
        # The old one is in its place, and its own programs may have written into it since.
        remove(paths.POSTGRES_NEXT)
        return False
    _rename(paths.POSTGRES_NEXT, paths.POSTGRES_DATA)
    return True


def kept(major: str) -> Path:
    """Return where the cluster of an older major version is kept."""
    return paths.STATE / f"postgres.{major}"


def all_kept() -> list[Path]:
    """Return the clusters that are kept, by name."""
    return sorted(path for path in paths.STATE.glob("postgres.*") if _KEPT.fullmatch(path.name) and path.is_dir())


def remove(cluster: Path) -> None:
    """Delete a cluster. One that is deleted only in part does not keep its name."""
    nameless = postgres.name_beside()
    cluster.rename(nameless / cluster.name)
    shutil.rmtree(nameless)


def _rename(old: Path, new: Path) -> None:
    old.rename(new)
    descriptor = os.open(paths.STATE, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # A machine that loses its power has the renames in their order.
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
