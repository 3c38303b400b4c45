"""`just bench hosts`: two hosts of web behind HAProxy, three of workers, two of beat, PgBouncer, Postgres and Redis.

They are network namespaces of this machine without a way out, and run the built image. As root, on Linux.
"""

import argparse
import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.hosts import cuts, pool, report, rolling, speed
from benchmarks.hosts.servers import binary
from benchmarks.hosts.site import Site, site

# Part: what it does, and what it finds otherwise than promised. In this order, since later ones leave more behind.
PARTS: dict[str, tuple[Callable[[Site], dict[str, Any]], Callable[[dict[str, Any]], list[str]]]] = {
    "cuts": (cuts.run, cuts.problems),
    "speed": (speed.run, speed.problems),
    "rolling": (rolling.run, rolling.problems),
    "pool": (pool.run, pool.problems),
}
_NEEDED = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "podman": "podman",
    "haproxy": "haproxy",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "initdb": "postgresql",
    "wrk": "wrk",
}
_LOCK = Path("/run/hosts-trial.lock")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="just bench hosts", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them by default")
    parser.add_argument("--image", default="localhost/app", help="the image (localhost/app); build it with: just image")
    parser.add_argument("--podman", default="", metavar="OPTIONS", help="more options of `podman run`, in one word")
    parser.add_argument(
        "--cut", nargs="+", default=cuts.ORDER, metavar="HOST", choices=cuts.ORDER, help="cut these alone"
    )
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="leave logs and requests there; it must be new")
    parser.add_argument("--json", type=Path, help="also write the results into this file")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(PARTS)}")
    if given.keep and given.keep.exists():
        parser.error(f"{given.keep} exists already. Name a new directory")
    return given


def main() -> None:
    """Run the parts, and print what was seen. The exit status is 1 if something is otherwise than promised."""
    given = arguments()
    if missing := lacking():
        sys.exit(f"error: {missing}. Nothing was started.")
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("error: another trial runs on this machine. Nothing was started. Wait for its end.")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(128 + signal.SIGTERM))
        found: dict[str, Any] = {}
        try:
            trial(given, found)
        except KeyboardInterrupt:
            sys.exit("\nStopped; everything that was started is gone.")
        finally:
            # The parts that have ended, whatever happened to another.
            if given.json:
                given.json.write_text(json.dumps(found, indent=1) + "\n")
    wrong = [problem for part, seen in found.items() for problem in PARTS[part][1](seen)]
    print(
        "\n".join(["", *(f"otherwise than promised: {problem}" for problem in wrong)]) if wrong else "\nall as promised"
    )
    sys.exit(1 if wrong else 0)


def trial(given: argparse.Namespace, found: dict[str, Any]) -> None:
    """Run the parts, and add what each has found."""
    with site(given.image, given.podman, given.keep) as built:
        for part in PARTS:
            if part in (given.parts or PARTS):
                found[part] = cuts.run(built, tuple(given.cut)) if part == "cuts" else PARTS[part][0](built)
                print("\n".join(report.table(part, found[part])), flush=True)


def lacking() -> str:
    """Return what this machine lacks for the trial, and how to get it; empty if it lacks nothing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if absent := {package for program, package in _NEEDED.items() if not binary(program)}:
        return f"this machine lacks programs; install them: apt install {' '.join(sorted(absent))}"
    return ""


if __name__ == "__main__":
    main()
