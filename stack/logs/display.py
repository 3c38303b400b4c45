"""Shows logs: the history first, ordered by time, then new records."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from checkout import paths
from stack.errors import StackError
from stack.logs import rotation
from stack.logs.records import Record, files_of, in_order, of_request, records
from stack.logs.rendering import Form, renderer

# Seconds between two looks at the files.
_PAUSE = 0.2


class Tail:
    """A file that is read while it grows. When it is rotated, its rest is read, and then the new file."""

    def __init__(self, path: Path) -> None:
        """Start at the beginning of the file, which need not exist yet."""
        self.path = path
        self._inode = 0
        self._position = 0
        self._rest = b""

    def lines(self) -> list[str]:
        """Return the complete lines that were added since the last call."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:
                self._finish()
                self._inode, self._position = inode, 0
            self._take(file)
        *complete, self._rest = self._rest.split(b"\n")
        return [line.decode(errors="replace") for line in complete]

    def _finish(self) -> None:
        """Read what was added to the previous file before its rotation."""
        with suppress(FileNotFoundError), self.path.with_name(f"{self.path.name}.1").open("rb") as file:
            if os.fstat(file.fileno()).st_ino == self._inode:
                self._take(file)

    def _take(self, file: BinaryIO) -> None:
        if os.fstat(file.fileno()).st_size < self._position:
            # The file was truncated.
            self._position = 0
        file.seek(self._position)
        self._rest += file.read()
        self._position = file.tell()


def show(files: Mapping[str, Path], *, follow: bool, lines: int | None, form: Form = Form.PEOPLE) -> None:
    """Print logs, given by name; follow them until interrupted. lines limits the history; None means no limit."""
    tails = {name: Tail(path) for name, path in files.items()}
    render = renderer(prefix=len(tails) > 1, form=form)
    for record in deque(in_order(_history(name, tail) for name, tail in tails.items()), maxlen=lines):
        _print(render(record))
    for record in _coming(tails) if follow else ():
        _print(render(record))


def follow(
    files: Mapping[str, Path], *, form: Callable[[], Form], wants: Callable[[Record], bool], tick: Callable[[], bool]
) -> None:
    """Print new records that are wanted, in the form of the moment, as long as tick returns True."""
    tails = {name: Tail(path) for name, path in files.items()}
    renders = {kind: renderer(prefix=True, form=kind) for kind in (Form.PEOPLE, Form.LINE)}
    for tail in tails.values():
        tail.lines()
    while tick():
        for record in _new(tails):
            if wants(record):
                _print(renders[form()](record))
        time.sleep(_PAUSE)


def show_request(request_id: str, *, form: Form = Form.PEOPLE) -> None:
    """Print the records of all processes about one request and its tasks, ordered by time.

    Raises StackError if there are none.
    """
    found = list(of_request(request_id, in_order(map(_stored, _all_files()))))
    if not found:
        raise StackError(
            f"no log line has the request id {request_id}. It is the header X-Request-ID of a response."
            " The oldest lines are deleted as logs grow. To see all that are kept: just logs"
        )
    render = renderer(prefix=True, form=form)
    for record in found:
        _print(render(record))


def _history(name: str, tail: Tail) -> list[Record]:
    rotated = [line for file in files_of(tail.path)[:-1] for line in file.read_text(errors="replace").splitlines()]
    return list(records(name, rotated + tail.lines(), before=0.0))


def _all_files() -> Iterator[Path]:
    stored = rotation.directory()
    # The logs of the programs first: a record that is stored twice is shown from there.
    for directory in dict.fromkeys([paths.LOGS.resolve(), *([stored] if stored else [])]):
        for path in sorted(directory.glob("*.log")):
            yield from files_of(path)


def _stored(path: Path) -> Iterable[Record]:
    with path.open(errors="replace", newline="\n") as file:
        yield from records(path.name.partition(".")[0], (line.rstrip("\n") for line in file), before=0.0)


def _coming(tails: dict[str, Tail]) -> Iterator[Record]:
    while True:
        yield from _new(tails)
        time.sleep(_PAUSE)


def _new(tails: Mapping[str, Tail]) -> list[Record]:
    return in_order(list(records(name, tail.lines(), before=time.time())) for name, tail in tails.items())


def _print(text: str) -> None:
    # Not say(): if the reader has gone, stop.
    print(text, flush=True)
