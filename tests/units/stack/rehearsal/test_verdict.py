"""What follows from what was observed of a migration."""

import dataclasses

import pytest

from stack.rehearsal.older_tests import FailedTest
from stack.rehearsal.traffic import Answer
from stack.rehearsal.verdict import Lock, Observed, Table, Touched, Verdict, Waited, mode_in_words, reasons, verdict

USERS = Table("users", rows=200_000, size=60_000_000)
ALTER = 'ALTER TABLE "users" ALTER COLUMN "n" TYPE bigint'
INDEX = 'CREATE INDEX "by_name" ON "users" ("name")'
ADD = 'ALTER TABLE "users" ADD COLUMN "nick" varchar(50) NULL'
GONE = Answer("GET /users/", 2.0, 2.1, 500, "ProgrammingError: column users.name does not exist")
FAILED = FailedTest("apps/users/tests/test_view.py::test_names", "column users.name does not exist")


def lock(
    mode: str = "AccessExclusiveLock", statement: str = ALTER, *, seconds: float = 0.01, start: float = 1.0
) -> Lock:
    return Lock("users", mode, statement, start, start + seconds)


def touched(statement: str = ALTER, *, rows: int = 200_000, start: float = 1.0) -> Touched:
    return Touched("users", statement, rows, start, start + 2)


def judged(**observed: object) -> tuple[Verdict, str]:
    found = reasons(Observed("users.0004", **{"tables": [USERS], **observed}), allowed_wait=0.2)
    return verdict(found), " ".join(f"{reason.why} {reason.do}" for reason in found)


def test_a_lock_that_is_held_shortly_is_safe() -> None:
    assert judged(locks=[lock(statement=ADD)]) == (Verdict.SAFE, "")


def test_a_lock_that_is_held_longer_than_others_may_wait_needs_a_window_and_names_the_statement() -> None:
    found, why = judged(locks=[lock(statement=ADD, seconds=0.3)])
    assert found == Verdict.WINDOW
    assert ADD in why
    assert "ACCESS EXCLUSIVE) for 0.30 s, in which reads and writes had to wait" in why


@pytest.mark.parametrize("mode", ["AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"])
def test_a_lock_beside_which_rows_are_read_and_written_may_be_held_for_long(mode: str) -> None:
    assert judged(locks=[lock(mode, seconds=60)])[0] == Verdict.SAFE


@pytest.mark.parametrize("mode", ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock"])
def test_a_lock_that_blocks_writes_alone_needs_a_window_too(mode: str) -> None:
    found, why = judged(locks=[lock(mode, seconds=1)])
    assert (found, "in which writes had to wait" in why) == (Verdict.WINDOW, True)


def test_a_table_that_is_written_anew_needs_a_window_however_small_it_is() -> None:
    found, why = judged(locks=[lock()], rewrites=[touched(rows=3)], reads=[touched(rows=3)])
    assert (found, why.count(ALTER)) == (Verdict.WINDOW, 1)
    assert "wrote all 3 rows of users anew" in why


def test_an_empty_table_may_be_written_anew() -> None:
    assert judged(locks=[lock()], rewrites=[touched(rows=0)])[0] == Verdict.SAFE


def test_an_index_that_is_built_while_writes_wait_needs_a_window_and_is_named_once() -> None:
    found, why = judged(locks=[lock("ShareLock", INDEX, seconds=2)], reads=[touched(INDEX)])
    assert (found, why.count("by_name")) == (Verdict.WINDOW, 1)
    assert "AddIndexConcurrently" in why


def test_a_table_that_is_read_while_nobody_waits_is_safe() -> None:
    concurrently = [lock("ShareUpdateExclusiveLock", INDEX, seconds=60)]
    assert judged(locks=concurrently, reads=[touched(INDEX)])[0] == Verdict.SAFE
    released_before = [lock(statement=ADD, seconds=0.1, start=0.5)]
    assert judged(locks=released_before, reads=[touched(INDEX)])[0] == Verdict.SAFE


@pytest.mark.parametrize(
    ("statement", "instead"),
    [
        ('ALTER TABLE "users" ADD CONSTRAINT "c" CHECK ("n" > 0)', "ValidateConstraint"),
        ('ALTER TABLE "users" ADD CONSTRAINT "f" FOREIGN KEY ("n") REFERENCES "teams" ("id")', "NOT VALID"),
        ('ALTER TABLE "users" ALTER COLUMN "n" SET NOT NULL', "IS NOT NULL"),
        ('ALTER TABLE "users" ADD CONSTRAINT "u" UNIQUE ("n")', "UNIQUE USING INDEX"),
        ('CREATE UNIQUE INDEX "u" ON "users" ("n")', "CREATE UNIQUE INDEX CONCURRENTLY"),
        ('SELECT * FROM "users"', "a migration of its own"),
    ],
)
def test_what_to_do_instead_fits_the_statement(statement: str, instead: str) -> None:
    assert instead in judged(locks=[lock(statement=statement)], reads=[touched(statement)])[1]


def test_rows_that_are_changed_in_a_long_transaction_need_a_window_also_when_nobody_happened_to_wait() -> None:
    update = "UPDATE users SET name = 'Ada'"
    found, why = judged(locks=[lock("RowExclusiveLock", seconds=5)], changes=[touched(update)])
    assert (found, update in why, "in batches" in why) == (Verdict.WINDOW, True, True)
    quick = dataclasses.replace(touched(update), end=1.1)
    assert judged(locks=[lock("RowExclusiveLock", seconds=5)], changes=[quick])[0] == Verdict.SAFE


def test_whatever_others_wait_for_needs_a_window() -> None:
    waited = Waited(3, 0.5, "", "UPDATE users SET name = 'Ada'")
    assert judged(waited=waited)[0] == Verdict.WINDOW
    assert judged(waited=dataclasses.replace(waited, longest=0.1))[0] == Verdict.SAFE


def test_what_the_older_release_cannot_live_with_must_be_split() -> None:
    found, why = judged(locks=[lock(statement=ADD, seconds=1)], failed_afterwards=[GONE], failed_tests=[FAILED])
    assert found == Verdict.SPLIT
    assert "GET /users/: ProgrammingError: column users.name does not exist" in why
    assert f"Tests of the older release fail on the new schema (1): {FAILED.name}" in why
    # The worst first.
    assert why.index("GET /users/") < why.index(ADD)


def test_what_failed_only_meanwhile_needs_a_window() -> None:
    assert judged(failed_meanwhile=[GONE])[0] == Verdict.WINDOW


def test_a_migration_that_fails_has_this_verdict() -> None:
    assert judged(error="IntegrityError: duplicate key") == (Verdict.FAILS, "IntegrityError: duplicate key Correct it.")


def test_modes_are_written_as_the_documentation_writes_them() -> None:
    names = {
        "AccessExclusiveLock": "ACCESS EXCLUSIVE",
        "ShareLock": "SHARE",
        "ShareRowExclusiveLock": "SHARE ROW EXCLUSIVE",
    }
    assert {mode: mode_in_words(mode) for mode in names} == names
