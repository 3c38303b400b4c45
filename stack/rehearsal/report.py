"""What a rehearsal has found, for people and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from textwrap import wrap

from stack.console import paint
from stack.rehearsal.verdict import Observed, Reason, Table, Verdict, mode_in_words, reasons, verdict

_WIDTH = 110
_COLOURS = {
    Verdict.SAFE: "bold green",
    Verdict.WINDOW: "bold yellow",
    Verdict.SPLIT: "bold red",
    Verdict.FAILS: "bold red",
}
_SHOWN = 5


def status(observed: list[Observed], left: list[str], allowed_wait: float) -> int:
    """Return the exit status: 0 if all migrations are safe, or there are none."""
    return 1 if left or any(reasons(each, allowed_wait) for each in observed) else 0


def as_json(against: str, observed: list[Observed], left: list[str], allowed_wait: float) -> str:
    """Return everything as a JSON object."""
    migrations = []
    for each in observed:
        found = reasons(each, allowed_wait)
        locks = [
            {"table": lock.table, "mode": mode_in_words(lock.mode), "blocks": lock.blocks, "statement": lock.statement}
            | {"seconds": lock.seconds}
            for lock in each.locks
        ]
        migrations.append(
            {"verdict": verdict(found), "reasons": [asdict(reason) for reason in found]}
            | asdict(each)
            | {"locks": locks}
        )
    return json.dumps({"against": against, "migrations": migrations, "not_rehearsed": left}, indent=1)


def as_text(against: str, observed: list[Observed], left: list[str], allowed_wait: float) -> str:
    """Return everything for people: a block for each migration, and the verdicts at the end."""
    if not observed:
        return (
            f"there is no migration that {against} does not have. To compare with another release: --against REVISION"
        )
    blocks = ["\n".join(_block(each, reasons(each, allowed_wait))) for each in observed]
    verdicts = [f"  {_painted(verdict(reasons(each, allowed_wait)))}  {each.name}" for each in observed]
    verdicts += [f"  not rehearsed, because of the one before it: {name}" for name in left]
    return "\n\n".join(["", *blocks, "\n".join(verdicts)])


def _painted(found: Verdict) -> str:
    return paint(_COLOURS[found], f"{found:<18}")


def _block(each: Observed, found: list[Reason]) -> Iterator[str]:
    yield f"{paint('bold', each.name)}: {paint(_COLOURS[verdict(found)], verdict(found))}"
    yield _line("took", f"{each.seconds:.2f} s{'' if each.atomic else ', atomic = False'}")
    for table in each.tables:
        yield _line("table", f"{table.name}: {table.rows:,} rows, {_size(table)}")
    yield from _locks(each)
    yield _line("waited", _waited(each))
    rewritten = ", ".join(touched.table for touched in each.rewrites)
    yield _line("rewrote", rewritten or "no table")
    if each.backwards:
        yield _line("backwards", each.backwards)
    yield from _older_release(each)
    for do, why in groupby(found, key=lambda reason: reason.do):
        yield from (_line("why", reason.why) for reason in why)
        yield _line("do", do)


def _locks(each: Observed) -> Iterator[str]:
    strongest = {}
    for lock in sorted(each.locks, key=lambda lock: (lock.strength, lock.seconds)):
        strongest[lock.table] = lock
    for lock in strongest.values():
        if lock.mode != "AccessShareLock":
            blocks = f"blocks {lock.blocks}" if lock.blocks else "blocks neither reads nor writes"
            yield _line("lock", f"{lock.table}: {mode_in_words(lock.mode)} for {lock.seconds:.2f} s, {blocks}")


def _waited(each: Observed) -> str:
    own = f"it waited {each.own_wait:.2f} s for others; " if each.own_wait else ""
    if not each.waited.count:
        return f"{own}nobody, of {each.requests} requests meanwhile"
    slowest = each.slowest
    request = (
        f"; the slowest of {each.requests} requests: {slowest.name}, {slowest.end - slowest.start:.2f} s"
        if slowest
        else ""
    )
    table = each.waited.table or "a row"
    return f"{own}{each.waited.count} others for it, the longest {each.waited.longest:.2f} s, for {table}{request}"


def _older_release(each: Observed) -> Iterator[str]:
    failed = {answer.name: answer for answer in each.failed_afterwards}
    yield from _failed("request", [(answer.name, answer.error) for answer in failed.values()])
    yield from _failed("test", [(test.name, test.error) for test in each.failed_tests])


def _failed(label: str, failed: list[tuple[str, str]]) -> Iterator[str]:
    """Yield what failed, and the reason where it is not that of the one before."""
    last = ""
    for name, error in failed[:_SHOWN]:
        yield _line(label, name if error == last else f"{name}: {error}")
        last = error
    if len(failed) > _SHOWN:
        yield _line("", f"and {len(failed) - _SHOWN} more")


def _line(label: str, text: str) -> str:
    first, *rest = text.splitlines()
    lines = wrap(
        first,
        _WIDTH,
        initial_indent=f"  {label:<10}",
        subsequent_indent=" " * 12,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join([*lines, *(f"{' ' * 12}{line}" for line in rest)])


def _size(table: Table) -> str:
    return f"{table.size / 1e6:.1f} MB with its indexes"
