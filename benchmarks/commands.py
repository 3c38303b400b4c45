"""`just bench commands`: the seconds and the memory that the stack's commands take, in a clone of this repository.

Commits are measured, not unsaved changes. With --against a second clone is measured in alternation.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from benchmarks.clone import Clone, clone

Seconds = dict[str, dict[str, list[float]]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="just bench commands", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each command (5)")
    parser.add_argument("--against", default="", metavar="REVISION", help="also measure this commit, branch or tag")
    parser.add_argument("--test", action="store_true", help="also `just test`, once: minutes")
    parser.add_argument(
        "--seed", action="store_true", help="also `just seed` with 10,000 and 100,000 accounts: minutes"
    )
    parser.add_argument("--json", type=Path, help="also write the results into this file")
    return parser.parse_args()


def main() -> None:
    """Measure, and print a table."""
    given = arguments()
    with ExitStack() as stack:
        revisions = ["HEAD", *([given.against] if given.against else [])]
        clones = {revision: stack.enter_context(clone(revision)) for revision in revisions}
        found: Seconds = {}
        for name, measure, rounds in steps(given):
            found[name] = alternate(name, measure, clones, rounds)
        print("\n".join(table(found)))
        for revision, made in clones.items():
            made.just("up")
            print(f"\nmemory of an idle stack, {revision} (PSS):", *memory(made), sep="\n")
        if given.json:
            given.json.write_text(json.dumps(found, indent=1))


def steps(given: argparse.Namespace) -> list[tuple[str, Callable[[Clone], float], int]]:
    """Return what is measured, how, and how often. Each step finds what the one before it has left."""
    found: list[tuple[str, Callable[[Clone], float], int]] = [
        ("up, first time", lambda made: made.just("up"), 1),
        ("up, stopped before", restart, given.rounds),
        ("up, running already", lambda made: made.just("up"), given.rounds),
        ("status", lambda made: made.just("status"), given.rounds),
        ("manage check", lambda made: made.just("manage", "check"), given.rounds),
    ]
    if given.seed:
        found += [
            ("seed --users 10000", lambda made: made.just("seed", "--users", "10000"), 1),
            ("seed --users 100000", lambda made: made.just("seed", "--users", "100000"), 1),
        ]
    if given.test:
        found.append(("test", lambda made: made.just("test"), 1))
    return found


def restart(made: Clone) -> float:
    """Return the seconds of `just up` alone, with all packages and data in place."""
    made.just("down")
    return made.just("up")


def alternate(
    name: str, measure: Callable[[Clone], float], clones: dict[str, Clone], rounds: int
) -> dict[str, list[float]]:
    """Measure all clones in turn, round by round."""
    found: dict[str, list[float]] = {revision: [] for revision in clones}
    for number in range(rounds):
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for revision, made in clones.items():
            found[revision].append(measure(made))
    return found


def table(found: Seconds) -> list[str]:
    """Return a line for each command: the median of the seconds, their range, and the ratio to HEAD."""
    lines = [f"{'command':24}{'revision':14}{'seconds':>9}{'low-high':>14}{'ratio':>8}"]
    for name, revisions in found.items():
        first = statistics.median(revisions["HEAD"])
        for revision, seconds in revisions.items():
            middle, spread = statistics.median(seconds), f"{min(seconds):.2f}-{max(seconds):.2f}"
            lines.append(f"{name:24}{revision[:13]:14}{middle:9.2f}{spread:>14}{middle / first:7.2f}x")
    return lines


def memory(made: Clone) -> list[str]:
    """Return the proportional memory of each program with its processes, in MB."""
    sums: dict[str, float] = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("STACK_ROOT") == str(made.path):
                name = program(process)
                sums[name] = sums.get(name, 0) + process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue
    rows = sorted(sums.items(), key=lambda item: -item[1])
    return [f"  {name:14}{size:6.0f} MB" for name, size in [*rows, ("together", sum(sums.values()))]]


def program(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    names = {"gunicorn": "web", " worker": "worker", " beat": "beat", "reloader": "reload", "supervisord": "supervisor"}
    names |= {"postgres": "postgres", "redis": "redis", "valkey": "redis"}
    return next((name for part, name in names.items() if part in line), process.name())


if __name__ == "__main__":
    main()
