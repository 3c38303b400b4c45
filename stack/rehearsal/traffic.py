"""Requests to the older release, while the migrations run and after each."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.processes.children import Child
from stack.rehearsal.revision import Revision

# Where the scripts are that run beside the older code.
SCRIPTS = paths.ROOT / "apps/core/rehearsal/older_release"
_FAILS = 500
# Numbers and quoted values in an error.
_VALUES = re.compile(r"[0-9]+|'[^']*'")
# Seconds to wait for each kind of request once; a slow machine has many slow ones.
_LONGEST_ROUND = 30


@dataclass(frozen=True)
class Answer:
    """How a request ended: its name, when it ran (epoch), its status, and the exception if it failed."""

    name: str
    start: float
    end: float
    status: int
    error: str = ""

    @property
    def failed(self) -> bool:
        """Return whether the older release could not answer."""
        return self.status >= _FAILS

    @property
    def failure(self) -> tuple[str, str]:
        """Return what failed, and why, in the same words each time."""
        return (self.name, _VALUES.sub("", self.error))


class Traffic:
    """The requests of the older release, which run until they are paused."""

    def __init__(self, child: Child, names: list[str], failing: list[Answer]) -> None:
        """Collect the answers. failing are those that fail without any migration, and are not sent again."""
        self.names, self.failing = names, failing
        self._child = child
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        for answer in self._child.answers():
            self._answers.append(Answer(**answer))

    def between(self, start: float, end: float) -> list[Answer]:
        """Return the requests of which a part was in this time (epoch)."""
        return [answer for answer in list(self._answers) if answer.start < end and answer.end > start]

    def after(self, moment: float) -> list[Answer]:
        """Return the requests that began later."""
        return [answer for answer in list(self._answers) if answer.start > moment]

    def wait_for_a_round(self) -> list[Answer]:
        """Wait until each kind of request has been sent and answered anew; return these answers."""
        now = time.time()
        deadline = time.monotonic() + _LONGEST_ROUND
        while {answer.name for answer in self.after(now)} < set(self.names):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        return self.after(now)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send requests during the block."""
        self._child.tell("go")
        try:
            yield
        finally:
            self._child.tell("pause")


@contextmanager
def traffic(revision: Revision, environment: dict[str, str], log: Path) -> Iterator[Traffic]:
    """Start the older release on the copy. Raises StackError if it does not start."""
    for script in SCRIPTS.glob("rehearsal_*.py"):
        shutil.copy(script, revision.code)
    with Child(["rehearsal_requests.py"], cwd=revision.code, environment=environment, log=log) as child:
        first = next(child.answers(), None)
        if not first:
            child.process.wait()
            said = log.read_text(errors="replace").strip()
            raise StackError(f"{revision.name} does not start here; the database is as it was. It said:\n{said}")
        yield Traffic(child, first["works"], [Answer(**answer) for answer in first["fails"]])
