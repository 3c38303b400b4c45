"""One migration, run and observed from its own session: what each statement locked, rewrote and read.

Inside a transaction this is exact: its locks are there until it ends, so they are asked for after each statement.
Outside, they are gone when the statement is done; `just rehearse` also looks at the session from another one.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

# What this session has done to the tables so far in this transaction.
_LOOK = """
    SELECT c.oid, c.relname, c.relfilenode, pg_stat_get_xact_tuples_returned(c.oid),
        pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid), l.modes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (
        SELECT relation, array_agg(mode) AS modes FROM pg_locks
        WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted GROUP BY relation
    ) l ON l.relation = c.oid
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""


@dataclass
class Statement:
    """A statement, when it ran (seconds since the epoch), and what it did to tables that were there before.

    One that was repeated is there once, from its first start to its last end; longest is that of one run, in seconds.
    locks are (table, mode) that it was the first to take. By table, read is how many rows it read in going through all
    of them, and changed how many it updated or deleted.
    """

    sql: str
    start: float
    end: float
    longest: float = 0.0
    locks: list[tuple[str, str]] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)


class Observer:
    """Records the statements of a connection. For execute_wrapper()."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        """Look at the tables as they are before."""
        self.statements: list[Statement] = []
        # By (table, mode): when the lock was seen last.
        self.seen_until: dict[tuple[str, str], float] = {}
        self.running = ""
        self._connection = connection
        self._by_text: dict[str, Statement] = {}
        # The one that was repeated since the last look.
        self._repeated: Statement | None = None
        # By the number of the table: its file, and the two counters.
        self._tables: dict[int, tuple[int, int, int]] = {}
        for oid, _, *before, _ in self._look():
            self._tables[oid] = tuple(before)

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        """Run a statement, then look what it has done.

        One that is repeated, as in a loop, takes the same locks again; what else it did is seen at the next new one.
        """
        text = self.running = " ".join(str(sql).split())
        is_new = text not in self._by_text
        if is_new and self._repeated:
            self._record(self._repeated)
            self._repeated = None
        started = time.time()
        result = execute(sql, params, many, context)
        statement = self._by_text.setdefault(text, Statement(text, started, 0))
        statement.end = time.time()
        statement.longest = max(statement.longest, statement.end - started)
        if is_new:
            self.statements.append(statement)
            self._record(statement)
        elif not (self._repeated and text.startswith("SELECT")):
            self._repeated = statement
        return result

    def _record(self, statement: Statement) -> None:
        for oid, name, file, read, changed, modes in self._look():
            if oid not in self._tables:
                continue
            file_before, read_before, changed_before = self._tables[oid]
            for mode in modes or ():
                if (name, mode) not in self.seen_until:
                    statement.locks.append((name, mode))
                self.seen_until[name, mode] = statement.end
            if file != file_before:
                statement.rewritten.append(name)
            for counts, new in (
                (statement.read, _since(read, read_before)),
                (statement.changed, _since(changed, changed_before)),
            ):
                if new:
                    counts[name] = counts.get(name, 0) + new
            self._tables[oid] = (file, read, changed)

    def _look(self) -> list[Any]:
        # Past Django's wrappers, and this one.
        self._connection.ensure_connection()
        with self._connection.connection.cursor() as cursor:
            return list(cursor.execute(_LOOK).fetchall())


def _since(count: int, before: int) -> int:
    # Postgres starts to count anew when it has reported to its statistics.
    return count - before if count >= before else count


def run(connection: BaseDatabaseWrapper, app: str, name: str, *, backwards: bool = False) -> dict[str, Any]:
    """Apply or unapply one migration, whose neighbours are in place; return what was observed.

    The error is the message of what failed, and empty if nothing did.
    """
    # Progress comes with the first and the last moment of the migration itself, without the preparations.
    moments: list[float] = []

    def progress(action: str, *_: object) -> None:
        if action.startswith(("apply", "unapply")):
            moments.append(time.time())

    executor = MigrationExecutor(connection, progress)
    migration = executor.loader.graph.nodes[app, name]
    observer = Observer(connection)
    error = ""
    try:
        with connection.execute_wrapper(observer):
            executor.migrate(None, plan=[(migration, backwards)])
    except Exception as failure:  # noqa: BLE001 - whatever a migration raises is its result
        where = f" ({observer.running})" if isinstance(failure, DatabaseError) else ""
        error = f"{type(failure).__name__}: {str(failure).strip()}{where}"
    end = time.time()
    start, end = (moments[0], moments[1]) if len(moments) > 1 else (moments[0] if moments else end, end)
    return {
        "atomic": migration.atomic,
        "start": start,
        "end": end,
        "statements": [asdict(statement) for statement in observer.statements],
        "seen_until": [[table, mode, until] for (table, mode), until in observer.seen_until.items()],
        "error": error,
    }
