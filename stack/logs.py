"""The logs of the programs: the history first, then what comes."""

import time
from collections.abc import Iterator
from pathlib import Path

from stack import program

NAMES = ("backend", "postgres", "redis", "worker", "beat", "reload")


class Tail:
    """A file that is read as it grows, and again from its start after it was rotated."""

    def __init__(self, path: Path) -> None:
        """Begin at the start of the file, which need not exist yet."""
        self.path = path
        self._position = 0
        self._inode = 0
        self._rest = ""

    def lines(self) -> list[str]:
        """Return the complete lines that have come since the last call."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return []
        if found.st_ino != self._inode or found.st_size < self._position:
            self._inode, self._position, self._rest = found.st_ino, 0, ""
        with self.path.open(errors="replace") as file:
            file.seek(self._position)
            text = self._rest + file.read()
            self._position = file.tell()
        *complete, self._rest = text.split("\n")
        return complete


def show(names: list[str], *, follow: bool, lines: int) -> None:
    """Print the logs of the programs, of all where none is named; follow them until interrupted.

    Raises StackError for a name that no program has.
    """
    tails = {name: Tail(program.log_of(program.named(name))) for name in names or NAMES}
    for name, tail in tails.items():
        history = tail.lines()
        _print(name, history[max(0, len(history) - lines) :], prefix=len(tails) > 1)
    if not follow:
        return
    for name, line in _coming(tails):
        _print(name, [line], prefix=len(tails) > 1)


def _coming(tails: dict[str, Tail]) -> Iterator[tuple[str, str]]:
    while True:
        for name, tail in tails.items():
            for line in tail.lines():
                yield name, line
        time.sleep(0.2)


def _print(name: str, lines: list[str], *, prefix: bool) -> None:
    for line in lines:
        # Not say(): who reads no more wants no more.
        print(f"{name:<8} | {line}" if prefix else line, flush=True)
