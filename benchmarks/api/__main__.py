"""`just bench api`: requests a second and their times, in rounds that alternate between the variants."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from psycopg import connect

from benchmarks.api import load, report, server
from benchmarks.api.scenarios import Scenario, scenarios
from benchmarks.api.seed import Seeded, seed
from benchmarks.clone import clone
from checkout import paths, servers

# Requests after which memory, files and connections are counted.
MANY = 100_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="just bench api", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, 2,000 accounts: whether it works")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each variant (5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of each round (4)")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--against", default="", metavar="REVISION", help="also drive this commit, branch or tag")
    parser.add_argument("--json", type=Path, help="also write the results into this file")
    parser.add_argument("--plot", type=Path, help="also draw them into this SVG file")
    parser.add_argument(
        "--memory", action="store_true", help=f"also send {MANY:,} requests, and compare memory and files"
    )
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds = 1, 1
    return given


def main() -> None:
    """Measure, and print a table."""
    given = arguments()
    load.require()
    os.environ |= server.environment()
    seeded = prepare(2000 if given.quick else 100_000)
    results: report.Results = {}
    try:
        with release(given.against) as checkout:
            for scenario in scenarios(seeded):
                if given.only in scenario.name:
                    subject = with_release(scenario) if checkout else scenario
                    results[scenario.name] = measure(subject, given.rounds, given.seconds, checkout)
        print("\n".join(report.table(results)))
        if given.json:
            given.json.write_text(json.dumps(report.as_json(results), indent=1))
        if given.plot:
            report.plot(results, given.plot)
        if given.memory:
            print("\n".join(what_many_leave(scenarios(seeded)[2])))
    finally:
        drop()


@contextmanager
def release(revision: str) -> Iterator[Path | None]:
    """Give a checkout of the revision with its packages; None without a revision."""
    if not revision:
        yield None
        return
    progress(f"a clone of {revision}, and its packages")
    with clone(revision) as made:
        made.just("manage", "check")
        yield made.path


def with_release(scenario: Scenario) -> Scenario:
    """Return the scenario with one more variant, if ours is in it."""
    if "ours" not in scenario.requests:
        return scenario
    return scenario._replace(requests={**scenario.requests, "release": scenario.requests["ours"]})


def measure(
    scenario: Scenario, rounds: int, seconds: int, checkout: Path | None = None
) -> dict[str, list[load.Measured]]:
    """Drive all variants in turn, round by round; only one of them is busy at a time."""
    found: dict[str, list[load.Measured]] = {variant: [] for variant in scenario.requests}
    with ExitStack() as stack:
        script = f"{stack.enter_context(tempfile.TemporaryDirectory())}/wrk.lua"
        urls = {
            variant: stack.enter_context(server.running(variant, scenario.processes, release=checkout))[0]
            for variant in scenario.requests
        }
        for variant, request in scenario.requests.items():
            load.drive(urls[variant], request, connections=scenario.connections, seconds=1, script=script)
        for number in range(rounds):
            progress(f"{scenario.name}: round {number + 1} of {rounds}")
            for variant, request in scenario.requests.items():
                options = {"connections": scenario.connections, "seconds": seconds, "script": script}
                found[variant].append(load.drive(urls[variant], request, **options))
    return found


def what_many_leave(scenario: Scenario) -> list[str]:
    """Return memory, files and connections of the server before and after many requests."""
    lines = []
    with tempfile.TemporaryDirectory() as directory, server.running("ours", scenario.processes) as (url, process):
        sent = 0.0
        request, script = scenario.requests["ours"], f"{directory}/wrk.lua"
        while sent < MANY:
            progress(f"memory: {sent:,.0f} of {MANY:,} requests")
            sent += load.drive(url, request, connections=8, seconds=5, script=script).rate * 5
            lines.append(f"after {sent:9,.0f} requests: {resources(process)}")
    return [lines[0], lines[-1]]


def resources(process: psutil.Process) -> str:
    found = [process, *process.children(recursive=True)]
    memory = sum(member.memory_full_info().pss for member in found) / 2**20
    files = sum(member.num_fds() for member in found)
    return f"{memory:.0f} MB (PSS), {files} files and sockets, {sum(member.num_threads() for member in found)} threads"


def prepare(accounts: int) -> Seeded:
    """Create the database, and fill it."""
    drop()
    execute(f"CREATE DATABASE {server.DATABASE}")
    for command in (["migrate", "--verbosity=0"], ["collectstatic", "--noinput", "--verbosity=0"]):
        subprocess.run([sys.executable, "manage.py", *command], check=True)
    import django  # noqa: PLC0415 - the environment is complete now

    os.environ["DJANGO_SETTINGS_MODULE"] = "conf.settings"
    django.setup()
    progress(f"{accounts:,} accounts")
    seeded = seed(accounts)
    execute("VACUUM ANALYZE", database=server.DATABASE)
    return seeded


def drop() -> None:
    execute(f"DROP DATABASE IF EXISTS {server.DATABASE} WITH (FORCE)")


def execute(sql: str, *, database: str = "postgres") -> None:
    with connect(host=str(paths.RUNTIME), user=servers.POSTGRES_USER, dbname=database, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[call-overload] # no literal


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
