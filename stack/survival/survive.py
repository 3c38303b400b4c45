"""`just survive`: whether a task bears that its process is killed, before and after all that others can see."""

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

from checkout import paths
from stack.console import say, step
from stack.errors import StackError
from stack.processes.children import Child
from stack.survival import call, report
from stack.survival.call import Call
from stack.survival.comparison import Masks
from stack.survival.left import Left
from stack.survival.trial import Point, Trial, trial

# What to do where a task has done nothing.
_HOW = "choose a row that is not done yet (just down worker, make it, then just survive)."


@dataclass(frozen=True)
class Options:
    """What is asked for: the task, its arguments as typed, and how many seconds a run may take."""

    task: str
    words: Sequence[str] = ()
    timeout: float = 60.0
    as_json: bool = False


def run(options: Options) -> int:
    """Try the task, and print what was found. Return 0 if it bears being killed everywhere, else 1.

    Raises StackError if there is no such task, it does not take the arguments, or fails undisturbed.
    """
    # With --json, standard output has nothing but the result.
    with redirect_stdout(sys.stderr if options.as_json else sys.stdout):
        found = _find(call.parse(options.task, options.words))
        say(f"killing {found}, again and again, on a copy of the data")
        with trial(found, options.timeout) as prepared:
            with step("undisturbed, twice"):
                steps, left, masks = prepared.undisturbed()
            if not steps:
                raise StackError(f"{found} does nothing that others can see: there is no point to kill it at")
            if left.is_nothing:
                say(f"{found} wrote no row and sent nothing. Was there nothing to do? Then this says little: {_HOW}")
            points = _kill_everywhere(prepared, len(steps), left, masks)
        unreached = 2 * len(steps) - len(points)
    say(
        report.as_json(found, steps, points, unreached) if options.as_json else report.as_text(found, points, unreached)
    )
    return report.status(points)


def _kill_everywhere(prepared: Trial, steps: int, left: Left, masks: Masks) -> list[Point]:
    points = []
    for number in range(steps):
        for when in ("before", "after"):
            with step(f"killed {when} step {number + 1} of {steps}"):
                point = prepared.killed(number, when, left, masks)
            points += [point] if point else []
    return points


def _find(typed: Call) -> Call:
    """Return the call with the task's whole name, before anything is copied."""
    with tempfile.TemporaryDirectory() as directory:
        words = ["manage.py", "survivetask"]
        given = os.environ | {"ENVIRONMENT": "development"}
        with Child(words, cwd=paths.ROOT, environment=given, log=Path(directory) / "log") as child:
            answer = child.ask(do="find", task=typed.task, args=typed.args, kwargs=typed.kwargs)
    if answer["error"]:
        raise StackError(f"{answer['error']}. Nothing was done.")
    return replace(typed, task=answer["name"])
