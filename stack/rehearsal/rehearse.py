"""`just rehearse`: what the pending migrations would do to the older release and its rows, tried on a copy."""

import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from stack.console import say, step
from stack.data import code
from stack.processes.children import Child
from stack.rehearsal import assembly, older_tests, report, revision, schema
from stack.rehearsal.older_tests import FailedTest
from stack.rehearsal.sampler import sampling
from stack.rehearsal.stage import Stage, stage
from stack.rehearsal.traffic import Traffic, traffic
from stack.rehearsal.verdict import Observed, Table

# Seconds of traffic before a migration, so that there is some when it begins.
_WARM_UP = 0.3


@dataclass(frozen=True)
class Options:
    """What a rehearsal is asked for: a revision, tests of it, and how long others may wait (seconds)."""

    against: str = ""
    tests: Sequence[str] = ("apps",)
    allowed_wait: float = 0.2
    as_json: bool = False


def run(options: Options) -> int:
    """Rehearse, and print what was found. Return 0 if all migrations are safe while the older release runs, else 1."""
    # With --json, standard output has nothing but the result.
    with redirect_stdout(sys.stderr if options.as_json else sys.stdout):
        commit, name = revision.find(options.against)
        pending = code.known_migrations() - revision.migrations(commit)
        observed, left = _rehearse(commit, name, pending, options.tests) if pending else ([], [])
    say(
        report.as_json(name, observed, left, options.allowed_wait)
        if options.as_json
        else report.as_text(name, observed, left, options.allowed_wait)
    )
    return report.status(observed, left, options.allowed_wait)


def _rehearse(commit: str, name: str, pending: set[str], tests: Sequence[str]) -> tuple[list[Observed], list[str]]:
    """Return what was observed of each migration, and those that could not be rehearsed any more."""
    say(f"rehearsing {len(pending)} migrations that {name} does not have")
    with stage(commit, name, pending) as prepared:
        observed = _run_migrations(prepared)
        ran = [each.name for each in observed if not each.error]
        if ran:
            with step("the older tests on the new schema"):
                failed = _failing_tests(prepared, ran, tests)
            for each in observed:
                each.failed_tests = failed.get(each.name, [])
        return observed, prepared.pending[len(observed) :]


def _run_migrations(prepared: Stage) -> list[Observed]:
    observed: list[Observed] = []
    log = prepared.copy.directory / "requests.log"
    with (
        prepared.migrator() as migrator,
        traffic(prepared.older, prepared.environment(), log) as requests,
    ):
        for answer in requests.failing:
            say(f"  {answer.name} fails without any migration, and is left out: {answer.error}")
        failing = set[tuple[str, str]]()
        for name in prepared.pending:
            with step(name):
                found, is_known = _run(prepared, migrator, requests, name)
            # What an earlier one has broken stays broken.
            found.failed_afterwards = [each for each in found.failed_afterwards if each.failure not in failing]
            found.failed_meanwhile = [each for each in found.failed_meanwhile if each.failure not in failing]
            failing |= {each.failure for each in found.failed_afterwards}
            observed.append(found)
            if not is_known:
                break
    return observed


def _run(prepared: Stage, migrator: Child, requests: Traffic, name: str) -> tuple[Observed, bool]:
    """Run one migration forwards, back, and forwards again; return what was observed, and whether to go on."""
    app, _, rest = name.partition(".")
    before, tables = schema.dump(prepared.copy), _tables(prepared)
    process = migrator.ask(do="process")
    with requests.running():
        time.sleep(_WARM_UP)
        with sampling(prepared.copy, process) as seen:
            told = migrator.ask(do="forwards", app=app, name=rest)
        afterwards = requests.wait_for_a_round()
    found = assembly.observed(name, told, seen, tables)
    meanwhile = requests.between(told["start"], told["end"])
    found.requests = len(meanwhile)
    found.slowest = max(meanwhile, key=lambda answer: answer.end - answer.start, default=None)
    found.failed_meanwhile = [answer for answer in meanwhile if answer.failed]
    found.failed_afterwards = [answer for answer in afterwards if answer.failed]
    if found.error:
        return found, False
    found.backwards, is_known = _back_and_forth(prepared, migrator, (app, rest), before)
    return found, is_known


def _back_and_forth(prepared: Stage, migrator: Child, migration: tuple[str, str], before: str) -> tuple[str, bool]:
    app, name = migration
    back = migrator.ask(do="backwards", app=app, name=name)
    if back["error"].startswith("IrreversibleError"):
        return f"cannot go back: {back['error'].partition(': ')[2]}", True
    if back["error"]:
        # In a transaction, nothing is left of it.
        return f"fails: {back['error']}", bool(back["atomic"])
    changed = schema.difference(before, schema.dump(prepared.copy))
    result = (
        f"to another schema:\n{changed}" if changed else f"to the same schema, in {back['end'] - back['start']:.2f} s"
    )
    again = migrator.ask(do="forwards", app=app, name=name)
    return (f"{result}; forwards again fails: {again['error']}", False) if again["error"] else (result, True)


def _tables(prepared: Stage) -> list[Table]:
    with prepared.copy.connect() as connection:
        rows: list[Any] = connection.execute(assembly.TABLES).fetchall()
    return [Table(*row) for row in rows]


def _failing_tests(prepared: Stage, ran: list[str], tests: Sequence[str]) -> dict[str, list[FailedTest]]:
    """Return the older release's tests that fail because of a migration, by the first one after which they do."""
    copy, older = prepared.copy, prepared.older
    older_tests.make_database(copy, "rehearsal_0")
    prepared.migrate_with_older_code("rehearsal_0")

    def failing(count: int, words: Sequence[str]) -> list[FailedTest]:
        """Return what fails after so many of the migrations."""
        template = f"rehearsal_{count}"
        if count:
            older_tests.make_database(copy, template, "rehearsal_0")
            with prepared.migrator(template) as migrator:
                for name in ran[:count]:
                    app, _, rest = name.partition(".")
                    migrator.ask(do="forwards", app=app, name=rest)
        return older_tests.run(copy, older, template, prepared.environment(template), words)

    left = {test.name: test for test in failing(len(ran), tests)}
    found: dict[str, list[FailedTest]] = {}
    # Back from the last one: what passes before a migration and fails after it is its fault. What fails without any is
    # nobody's.
    for count in reversed(range(len(ran))):
        if not left:
            break
        still = {test.name: test for test in failing(count, sorted(left))}
        found[ran[count]] = [test for name, test in left.items() if name not in still]
        left = still
    return found
