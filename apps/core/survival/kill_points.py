"""The steps of a run, in order, and the death of the process before or after one of them."""

import json
import linecache
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

# Written after the steps by a process that is about to kill itself.
DEATH = {"kind": "death"}


@dataclass(frozen=True)
class Place:
    """A line of the task's module: the file, below the checkout, the line's number, and its text."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Step:
    """What others can see of a run, or will be able to: a commit, a message, a mail, an acknowledgement.

    place is the line of the task that was at work; None if it had not begun, or had ended. in_once says that the key
    of `once` was written and not committed; in_transaction, that other rows were.
    """

    kind: str
    what: str
    place: Place | None
    in_once: bool
    in_transaction: bool


class KillPoints:
    """Writes down the steps of this process, and kills it before or after the chosen one."""

    def __init__(self, module_file: str, steps: Path, kill: tuple[int, str] | None) -> None:
        """module_file: of the task. steps: the file to write to. kill: a step's number from 0, and before or after."""
        self._module_file = module_file
        self._descriptor = os.open(steps, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._kill = kill
        self._count = 0
        self.written: list[str] = []

    @contextmanager
    def step(self, kind: str, what: str) -> Iterator[None]:
        """Surround what others can see. Only the main thread is killed: it runs the task."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        number, self._count = self._count, self._count + 1
        in_once = "core_effect" in self.written
        rows = [table for table in self.written if table != "core_effect"]
        found = Step(kind, what, self._place(), in_once, bool(rows))
        self._write(asdict(found))
        self._die_if((number, "before"))
        yield
        self._die_if((number, "after"))

    def _die_if(self, point: tuple[int, str]) -> None:
        if point == self._kill:
            self._write(DEATH)
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, values: dict[str, Any]) -> None:
        os.write(self._descriptor, f"{json.dumps(values)}\n".encode())

    def _place(self) -> Place | None:
        frame: Any = sys._getframe(1)  # noqa: SLF001 - inspect does the same, and reads all files
        while frame is not None and frame.f_code.co_filename != self._module_file:
            frame = frame.f_back
        if frame is None:
            return None
        file = Path(self._module_file)
        name = file.relative_to(settings.BASE_DIR) if file.is_relative_to(settings.BASE_DIR) else file
        return Place(str(name), frame.f_lineno, linecache.getline(self._module_file, frame.f_lineno).strip())
