"""The lock of a checkout: up, down, test and similar commands wait for each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from checkout import paths
from stack.console import complain


@contextmanager
def exclusive(what: str, path: Path = paths.LOCK) -> Iterator[None]:
    """Hold the checkout's lock. If it is held, print by whom, and wait.

    The content of the file names the holder. It has no meaning while the lock is free.
    """
    with _current_file(path) as descriptor:
        _name(descriptor, f"just {what}")
        yield


@contextmanager
def exclusive_if_free(what: str, path: Path = paths.LOCK) -> Iterator[bool]:
    """Hold the checkout's lock and yield True; yield False at once if it is held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_free = _try(descriptor) and _is_still(path, descriptor)
        if is_free:
            _name(descriptor, what)
        yield is_free
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(descriptor: int, what: str) -> None:
    # On a full disk the lock is held without a name.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{what} (pid {os.getpid()})".encode(), 0)


@contextmanager
def _current_file(path: Path) -> Iterator[int]:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _wait_for(descriptor)
            if _is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    if not _try(descriptor):
        holder = os.pread(descriptor, 200, 0).decode() or "another command"
        complain(f"waiting for {holder} in this checkout")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the path is still the locked file: somebody may have deleted the state."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
