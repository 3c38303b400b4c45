"""What was found, for people and as JSON."""

import json
from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import Any

from stack.console import paint
from stack.survival.call import Call
from stack.survival.trial import Point

_WIDTH = 100
_WINDOW = "that is the window which `once` documents: the effect has no rollback. No failure."


def status(points: list[Point]) -> int:
    """Return the exit status: 0 if the task bears being killed at each point."""
    return 1 if any(point.verdict == "different" for point in points) else 0


def as_json(call: Call, steps: list[dict[str, Any]], points: list[Point], unreached: int) -> str:
    """Return everything as a JSON object."""
    found = [
        {
            "when": point.when,
            **point.step,
            "last_place": point.last_place,
            "verdict": point.verdict,
            "differences": [vars(one) for one in point.differences],
            "do": _advice(point) if point.differences else "",
        }
        for point in points
    ]
    values = {"task": call.task, "args": call.args, "kwargs": call.kwargs, "steps": steps, "points": found}
    return json.dumps(values | {"not_reached": unreached, "survives": not status(points)}, indent=1)


def as_text(call: Call, points: list[Point], unreached: int) -> str:
    """Return everything for people: a block for each kind of failure, and the counts at the end."""
    counts = {verdict: sum(point.verdict == verdict for point in points) for verdict in ("same", "window", "different")}
    blocks = []
    for _, alike in groupby((point for point in points if point.verdict == "different"), key=_group):
        points_alike = list(alike)
        blocks.append(_block(points_alike, "bold red", "do", _advice(points_alike[0])))
    window = [point for point in points if point.verdict == "window"]
    if window:
        blocks.append(_block(window, "yellow", "but", _WINDOW))
    words = [f"{len(points)} kill points", f"{counts['same']} ended the same"]
    words += [f"{counts['window']} in the window of once"] if window else []
    words += [paint("bold red", f"{counts['different']} otherwise")] if counts["different"] else []
    words += [f"{unreached} not reached again"] if unreached else []
    verdict = paint("bold red", "does not survive") if status(points) else paint("bold green", "survives")
    return "\n\n".join([*blocks, f"{paint('bold', str(call))} {verdict}: {', '.join(words)}"])


def _group(point: Point) -> object:
    return (point.last_place, tuple(map(str, point.differences)))


def _block(points: list[Point], colour: str, label: str, conclusion: str) -> str:
    """Return the points, where the first one is in the task and what was different there, and what follows from it."""
    lines = [f"{paint(colour, 'killed')} {point.when} {_step(point)}" for point in points]
    lines += _place(points[0])
    lines += [_line(difference.kind, difference.what) for difference in points[0].differences]
    return "\n".join([*lines, _line(label, conclusion)])


def _step(point: Point) -> str:
    what = point.step["what"]
    return what if point.step["kind"] == "commit" else f"the {point.step['kind']}: {what}"


def _place(point: Point) -> Iterator[str]:
    place = point.last_place
    if place is None:
        yield _line("before", "the first line of the task")
    else:
        # In one piece, so that it can be searched for, and a terminal can open it.
        yield f"  {'at' if point.step['place'] else 'after':<16}{place['file']}:{place['line']}"
        yield f"{' ' * 18}{place['text']}"


def _line(label: str, text: str) -> str:
    first, rest = f"  {label:<16}", " " * 18
    lines = wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def _advice(point: Point) -> str:
    step, kinds = point.step, {(found.kind, found.of) for found in point.differences}
    if ("twice", "message") in kinds and step["kind"] == "message" and step["in_transaction"]:
        return (
            "Send it when the rows are committed: task.delay_on_commit(…). What is sent before is sent again by the"
            " next delivery, and may be at work before the rows are there."
        )
    if kinds == {("twice", "message")}:
        return (
            "Its task gets it twice, which does no harm if that task bears it: see by `just survive`. Otherwise send it"
            " in a block of `once` with a key of its own (docs/tasks.md)."
        )
    if kinds & {("twice", "mail"), ("twice", "message")}:
        return (
            "Put it into a block of `once` with a key of its own, as the last line, and the rows that belong to it into"
            " the same block (docs/tasks.md)."
        )
    if kinds & {("missing", "mail"), ("missing", "message")}:
        return "The next delivery found the rows and did no more: write them and do this in one block of `once`."
    if ("ended otherwise", "task") in kinds:
        return "The next delivery fails on what the first one has left: look for it first, as get_or_create does."
    return (
        "Write it once: in a block of `once`, or under a unique key (get_or_create), in one transaction with what it"
        " depends on."
    )
