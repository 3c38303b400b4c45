"""Puts together what the migration saw of itself, and what another session saw of it."""

from typing import Any

from stack.rehearsal.sampler import Seen, Wait
from stack.rehearsal.verdict import Lock, Observed, Table, Touched, Waited

# Where Django records what is applied.
_NOT_INTERESTING = {"django_migrations"}
# Of the rows: what reads less does so by an index. With parallel workers, a session reads a part.
_ALL = 0.1

TABLES = """
    SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""


def observed(name: str, told: dict[str, Any], seen: Seen, tables: list[Table]) -> Observed:
    """Return what happened: told by the migration's own process, and seen from another session.

    tables are those that were there before.
    """
    by_name = {table.name: table for table in tables}
    locks = [lock for lock in _locks(told, seen) if lock.table in by_name and lock.table not in _NOT_INTERESTING]
    found = Observed(
        name,
        atomic=told["atomic"],
        seconds=told["end"] - told["start"],
        locks=locks,
        waited=_waited(seen.others),
        own_wait=sum(wait.seconds for wait in seen.own),
        error=told["error"],
    )
    for statement in told["statements"]:
        text, start, end = statement["sql"], statement["start"], statement["end"]
        found.rewrites += [Touched(table, text, by_name[table].rows, start, end) for table in statement["rewritten"]]
        found.reads += [
            Touched(table, text, by_name[table].rows, start, end)
            for table, rows in statement["read"].items()
            if rows >= max(1, _ALL * by_name[table].rows) and table not in _NOT_INTERESTING
        ]
        found.changes += [
            # Rows that were changed are locked to the end of the transaction.
            Touched(table, text, rows, start, told["end"] if told["atomic"] else start + statement["longest"])
            for table, rows in statement["changed"].items()
            if table in by_name and table not in _NOT_INTERESTING
        ]
    concerned = {lock.table for lock in locks if lock.mode != "AccessShareLock"} | {
        each.table for each in found.rewrites
    }
    found.tables = [table for table in tables if table.name in concerned]
    return found


def _locks(told: dict[str, Any], seen: Seen) -> list[Lock]:
    until = {(table, mode): moment for table, mode, moment in told["seen_until"]}
    locks = []
    for statement in told["statements"]:
        start, end = statement["start"], statement["end"]
        # Until it had the lock, it held nobody up but those who were in the queue behind it.
        start += sum(wait.seconds for wait in seen.own if start <= wait.start <= end)
        for table, mode in statement["locks"]:
            last = told["end"] if told["atomic"] else until[table, mode]
            locks.append(Lock(table, mode, statement["sql"], start, max(start, last)))
    exact = {(lock.table, lock.mode) for lock in locks}
    for (table, mode), times in seen.held.items():
        if (table, mode) not in exact:
            locks += [Lock(table, mode, _statement_at(told, start), start, end) for start, end in times]
    return locks


def _statement_at(told: dict[str, Any], moment: float) -> str:
    running = [each["sql"] for each in told["statements"] if each["start"] <= moment <= each["end"]]
    return str(running[0]) if running else ""


def _waited(waits: list[Wait]) -> Waited:
    longest = max(waits, key=lambda wait: wait.seconds, default=None)
    if not longest:
        return Waited()
    return Waited(len(waits), longest.seconds, longest.table, " ".join(longest.query.split()))
