"""What was observed of a migration, and what follows from it. Nothing here runs anything."""

from dataclasses import dataclass, field
from enum import StrEnum

from stack.rehearsal.older_tests import FailedTest
from stack.rehearsal.traffic import Answer

# What each mode keeps others from doing; other modes keep nobody from reading or writing rows.
BLOCKS = {
    "AccessExclusiveLock": "reads and writes",
    "ExclusiveLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ShareLock": "writes",
}
_STRENGTH = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
]


class Verdict(StrEnum):
    """What a deployment may do with a migration; the later, the worse."""

    SAFE = "safe while running"
    WINDOW = "needs a window"
    SPLIT = "must be split"
    FAILS = "fails"


@dataclass(frozen=True)
class Table:
    """A table before the migration: rows as Postgres estimates them, and bytes with indexes."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class Lock:
    """A lock on a table that was there before, the statement that took it, and from when to when (epoch)."""

    table: str
    mode: str
    statement: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Return how long it was held."""
        return max(0.0, self.end - self.start)

    @property
    def blocks(self) -> str:
        """Return what others cannot do meanwhile; empty if they can read and write."""
        return BLOCKS.get(self.mode, "")

    @property
    def strength(self) -> int:
        """Return the rank of the mode."""
        return _STRENGTH.index(self.mode)


@dataclass(frozen=True)
class Touched:
    """A table that a statement wrote anew, went through or changed: how many rows, from when to when (epoch)."""

    table: str
    statement: str
    rows: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Return how long that was."""
        return self.end - self.start


@dataclass(frozen=True)
class Waited:
    """Who waited for the migration: how many, the longest (seconds), for which table, with which statement."""

    count: int = 0
    longest: float = 0.0
    table: str = ""
    statement: str = ""


@dataclass
class Observed:
    """All that was observed of one migration. own_wait is how long it waited for others itself, in seconds."""

    name: str
    atomic: bool = True
    seconds: float = 0.0
    tables: list[Table] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    rewrites: list[Touched] = field(default_factory=list)
    reads: list[Touched] = field(default_factory=list)
    changes: list[Touched] = field(default_factory=list)
    waited: Waited = field(default_factory=Waited)
    own_wait: float = 0.0
    slowest: Answer | None = None
    requests: int = 0
    failed_meanwhile: list[Answer] = field(default_factory=list)
    failed_afterwards: list[Answer] = field(default_factory=list)
    failed_tests: list[FailedTest] = field(default_factory=list)
    backwards: str = ""
    error: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a migration is not safe, with the statement or the request; what to do instead; the table, if it is one."""

    verdict: Verdict
    why: str
    do: str
    table: str = ""


def reasons(observed: Observed, allowed_wait: float) -> list[Reason]:
    """Return what is wrong with a migration, the worst first; nothing if it is safe.

    allowed_wait is how long others may wait for it, in seconds.
    """
    found = [*_failures(observed), *_older_release(observed), *_rewrites(observed), *_reads(observed)]
    # What makes a lock long is said already.
    explained = {reason.table for reason in found}
    found += [reason for reason in _locks(observed, allowed_wait) if reason.table not in explained]
    found += _changes(observed, allowed_wait)
    if not found and observed.waited.longest > allowed_wait:
        found.append(_others_waited(observed))
    return sorted(found, key=lambda reason: list(Verdict).index(reason.verdict), reverse=True)


def verdict(found: list[Reason]) -> Verdict:
    """Return the worst of the reasons' verdicts."""
    return max((reason.verdict for reason in found), key=list(Verdict).index, default=Verdict.SAFE)


def _failures(observed: Observed) -> list[Reason]:
    return [Reason(Verdict.FAILS, observed.error, "Correct it.")] if observed.error else []


def _older_release(observed: Observed) -> list[Reason]:
    found = []
    do = (
        "Two releases: first one whose schema both versions of the code can use, then this. The steps for each kind of"
        " change are in docs/migrations.md, and `just check` names those for this migration."
    )
    if failed := observed.failed_afterwards:
        names = sorted({answer.name for answer in failed})
        why = f"The older release fails afterwards, at {_some(names)}: {failed[0].error}"
        found.append(Reason(Verdict.SPLIT, why, do))
    if tests := observed.failed_tests:
        why = f"Tests of the older release fail on the new schema ({len(tests)}): {tests[0].name}: {tests[0].error}"
        found.append(Reason(Verdict.SPLIT, why, do))
    if (failed := observed.failed_meanwhile) and not found:
        why = f"While it ran, {_some(sorted({answer.name for answer in failed}))} failed: {failed[0].error}"
        found.append(Reason(Verdict.WINDOW, why, "Do less in one transaction, or stop the traffic meanwhile."))
    return found


def _rewrites(observed: Observed) -> list[Reason]:
    return [
        Reason(
            Verdict.WINDOW,
            f"`{_short(each.statement)}` wrote all {each.rows:,} rows of {each.table} anew in {each.seconds:.2f} s, and"
            " nothing could read or write them. That grows with the table.",
            "A new column that the code fills in, beside the old one, and the rows in batches (docs/migrations.md)."
            " A new column with a constant db_default rewrites nothing.",
            each.table,
        )
        for each in observed.rewrites
        if each.rows
    ]


def _reads(observed: Observed) -> list[Reason]:
    rewritten = {each.statement for each in observed.rewrites}
    return [
        Reason(
            Verdict.WINDOW,
            f"`{_short(each.statement)}` read all {each.rows:,} rows of {each.table} in {each.seconds:.2f} s, and"
            f" {_blocked(observed, each)} had to wait. That grows with the table.",
            _instead_of(each.statement),
            each.table,
        )
        for each in observed.reads
        if each.rows and _blocked(observed, each) and each.statement not in rewritten
    ]


def _blocked(observed: Observed, read: Touched) -> str:
    """Return what a lock on the table that is held while a statement reads it keeps others from doing."""
    same_time = [lock for lock in observed.locks if lock.start < read.end and lock.end > read.start]
    held = [lock for lock in same_time if lock.table == read.table and lock.blocks]
    return max(held, key=lambda lock: lock.strength).blocks if held else ""


def _instead_of(statement: str) -> str:
    known = {
        "CREATE UNIQUE INDEX": "CREATE UNIQUE INDEX CONCURRENTLY (RunSQL), in a migration with atomic = False.",
        "CREATE INDEX": "AddIndexConcurrently in place of AddIndex, in a migration of its own with atomic = False.",
        "FOREIGN KEY": "Add the foreign key NOT VALID, then VALIDATE CONSTRAINT in a migration of its own (RunSQL).",
        "CHECK": "AddConstraintNotValid, then ValidateConstraint in a migration of its own.",
        "SET NOT NULL": "A CHECK (… IS NOT NULL) that is validated before proves it without reading"
        " (docs/migrations.md).",
        "UNIQUE": "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX (RunSQL).",
    }
    general = "What reads or writes many rows goes into a migration of its own, without the statement that locks."
    return next((do for words, do in known.items() if words in statement.upper()), general)


def _locks(observed: Observed, allowed_wait: float) -> list[Reason]:
    return [
        Reason(
            Verdict.WINDOW,
            f"`{_short(lock.statement)}` locked {lock.table} ({mode_in_words(lock.mode)}) for {lock.seconds:.2f} s, in"
            f" which {lock.blocks} had to wait.",
            "A lock is held to the end of the transaction: what takes long goes into a migration of its own.",
            lock.table,
        )
        for lock in observed.locks
        if lock.blocks and lock.seconds > allowed_wait
    ]


_BATCHES = "Change rows in batches, each in a transaction of its own, in a migration with atomic = False."


def _changes(observed: Observed, allowed_wait: float) -> list[Reason]:
    return [
        Reason(
            Verdict.WINDOW,
            f"`{_short(each.statement)}` changed {each.rows:,} rows of {each.table}. Who writes to one waits for the"
            f" end of the transaction, here up to {each.seconds:.2f} s.",
            _BATCHES,
            each.table,
        )
        for each in observed.changes
        if each.seconds > allowed_wait
    ]


def _others_waited(observed: Observed) -> Reason:
    waited = observed.waited
    why = f"{waited.count} others waited for it, the longest {waited.longest:.2f} s: `{_short(waited.statement)}`"
    return Reason(Verdict.WINDOW, why, _BATCHES)


def mode_in_words(mode: str) -> str:
    """Return a lock mode as SQL and the documentation write it, such as ACCESS EXCLUSIVE."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in mode.removesuffix("Lock"))
    return words.strip().upper()


def _short(statement: str, length: int = 90) -> str:
    return statement if len(statement) <= length else f"{statement[: length - 1]}…"


def _some(names: list[str], shown: int = 3) -> str:
    more = [f"{len(names) - shown} more"] if len(names) > shown else []
    return ", ".join([*names[:shown], *more])
