"""The lock of a checkout: up, down, test and similar commands wait for each other."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from checkout import paths
from stack.console import complain


@contextmanager
def exclusive(what: str, path: Path = paths.LOCK) -> Iterator[None]:
    """Hold the checkout's lock. If it is held, print by whom, and wait.

    The content of the file names the holder. A holder that was killed leaves its name, which means nothing then.
    """
    with _current_file(path) as descriptor:
        _name(descriptor, f"just {what}")
        try:
            yield
        finally:
            _forget_name(descriptor)


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
    _forget_name(descriptor)
    # On a full disk the lock is held without a name.
    with suppress(OSError):
        os.pwrite(descriptor, f"{what} (pid {os.getpid()})".encode(), 0)


def _forget_name(descriptor: int) -> None:
    with suppress(OSError):
        os.ftruncate(descriptor, 0)


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
        complain(f"waiting for {_holder(descriptor)} in this checkout")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _holder(descriptor: int) -> str:
    # Whoever has just got the lock is about to write its name.
    for _ in range(20):
        if name := os.pread(descriptor, 200, 0).decode():
            return name
        time.sleep(0.05)
    return "another command"


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the path is still the locked file: somebody may have deleted the state."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
