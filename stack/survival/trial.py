"""The task on the copy, run again and again from the same start."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import redis

from checkout import paths, servers
from stack.data import clones
from stack.data.throwaway import Copy, servers_on_a_copy
from stack.errors import StackError
from stack.lifecycle import up_down
from stack.processes.children import Child
from stack.survival import left
from stack.survival.call import Call
from stack.survival.comparison import Difference, Masks, differences, masks
from stack.survival.left import Left, Run, Start

_DATABASE = "survival"
# The same in each run, so that keys made of it are, too. apps/core/survival/deliveries.py sends the task with it.
_TASK_ID = "5eed5eed-0000-4000-8000-000000000000"
# Seconds between two undisturbed runs, so that what has the time in it differs, even if it has whole seconds.
_APART = 1.1
_OUTSIDE = {"mail", "message"}


@dataclass(frozen=True)
class Point:
    """Where the process was killed, and what was otherwise then.

    step is what the worker wrote down about it: kind, what, place, in_once and in_transaction; last_place is the last
    line of the task that was at work by then.
    """

    number: int
    when: str
    step: dict[str, Any]
    last_place: dict[str, Any] | None
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_the_window_of_once(self) -> bool:
        """Return whether the effect of a block of `once` happened again, since its key was not committed yet."""
        again = all(found.kind == "twice" and found.of in _OUTSIDE for found in self.differences)
        return bool(self.differences) and again and self.step["in_once"]

    @property
    def verdict(self) -> str:
        """Return same, window (of `once`) or different."""
        if not self.differences:
            return "same"
        return "window" if self.is_the_window_of_once else "different"


class Trial:
    """The copy, and a process that runs the task there."""

    def __init__(self, copy: Copy, child: Child, call: Call, seconds: float) -> None:
        """seconds: how long a run may take."""
        self._copy, self._child, self._call, self._seconds = copy, child, call, seconds
        self._mails = copy.directory / "state" / paths.MAIL.name
        self._start = Start(copy, servers.POSTGRES_DATABASE)

    def undisturbed(self) -> tuple[list[dict[str, Any]], Left, Masks]:
        """Run the task twice. Return its steps, what it leaves, and what varies by itself.

        Raises StackError if it fails, does not end, or leaves something else each time.
        """
        steps, one = self._undisturbed()
        time.sleep(_APART)
        _, other = self._undisturbed()
        varying = masks(one, other)
        if found := differences(one, other, varying):
            raise StackError(
                f"two undisturbed runs of {self._call} differ, so that nothing can be said about disturbed ones:"
                f" {'; '.join(map(str, found))}"
            )
        return steps, one, varying

    def _undisturbed(self) -> tuple[list[dict[str, Any]], Left]:
        told, found = self._run(None)
        if not told["done"]:
            reason = (
                f"the worker of {self._call} ended before the task was done, undisturbed."
                if told["ended"]
                else f"{self._call} did not end within {self._seconds:g} s, undisturbed. More time: --timeout SECONDS."
            )
            raise StackError(f"{reason} It said:\n{self._said()}")
        if found.outcome:
            raise StackError(f"{self._call} fails undisturbed, with {found.outcome}")
        return told["steps"], found

    def killed(self, number: int, when: str, undisturbed: Left, varying: Masks) -> Point | None:
        """Run the task and kill its process; return what was otherwise, or None if it did not come to that step."""
        told, found = self._run((number, when))
        if not told["killed"]:
            return None
        otherwise = differences(undisturbed, found, varying)
        if not told["done"]:
            end = "its worker ended before" if told["ended"] else f"not within {self._seconds:g} s"
            otherwise.append(Difference("ended otherwise", "task", end))
        steps = told["steps"][: number + 1]
        last_place = next((each["place"] for each in reversed(steps) if each["place"]), None)
        return Point(number, when, steps[number], last_place, otherwise)

    def _run(self, kill: tuple[int, str] | None) -> tuple[dict[str, Any], Left]:
        shutil.rmtree(self._mails, ignore_errors=True)
        with redis.Redis(unix_socket_path=str(self._copy.redis_socket)) as client:
            client.flushall()
        with self._copy.connect("postgres") as server:
            clones.drop(server, _DATABASE)
            clones.clone(server, servers.POSTGRES_DATABASE, _DATABASE)
            answer: Any = server.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        steps = self._copy.directory / "steps"
        task = {"task": self._call.task, "args": self._call.args, "kwargs": self._call.kwargs}
        told = self._child.ask(do="run", kill=kill, steps=str(steps), seconds=self._seconds, **task)
        run = Run(self._copy, _DATABASE, self._mails, int(answer[0]), _TASK_ID)
        return told, left.look(self._start, run)

    def _said(self, lines: int = 20) -> str:
        with suppress(OSError):
            return "\n".join(self._child.log.read_text(errors="replace").strip().splitlines()[-lines:])
        return ""


@contextmanager
def trial(call: Call, seconds: float) -> Iterator[Trial]:
    """Copy the database, and start a process that runs the task on the copy."""
    with up_down.with_servers("survive"), servers_on_a_copy() as copy:
        environment = copy.environment(_DATABASE) | {"TASK_LEASES": "true"}
        words = ["manage.py", "survivetask"]
        with Child(words, cwd=paths.ROOT, environment=environment, log=copy.directory / "task.log") as child:
            yield Trial(copy, child, call, seconds)
