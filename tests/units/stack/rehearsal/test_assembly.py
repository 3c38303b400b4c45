"""What a migration saw of itself and what another session saw of it, put together."""

from typing import Any

from stack.rehearsal.assembly import observed
from stack.rehearsal.sampler import Seen, Wait
from stack.rehearsal.verdict import Table

TABLES = [Table("users", 200, 1000), Table("django_migrations", 20, 100)]
ALTER = 'ALTER TABLE "users" ADD COLUMN "nick" varchar(50)'
EXCLUSIVE = "AccessExclusiveLock"


def told(*, atomic: bool = True, **statement: Any) -> dict[str, Any]:
    one = {
        "sql": ALTER,
        "start": 10.0,
        "end": 11.0,
        "longest": 0.5,
        "locks": [],
        "rewritten": [],
        "read": {},
        "changed": {},
    } | statement
    until = [[table, mode, one["end"]] for table, mode in one["locks"]]
    return {"atomic": atomic, "start": 10.0, "end": 15.0, "statements": [one], "seen_until": until, "error": ""}


def locks(told: dict[str, Any], seen: Seen | None = None) -> list[tuple[str, str, float, float]]:
    found = observed("users.0004", told, seen or Seen(), TABLES).locks
    return [(lock.table, lock.mode, lock.start, lock.end) for lock in found]


def test_a_lock_is_held_to_the_end_of_the_transaction() -> None:
    taken = [("users", EXCLUSIVE)]
    assert locks(told(locks=taken)) == [("users", EXCLUSIVE, 10.0, 15.0)]
    assert locks(told(locks=taken, atomic=False)) == [("users", EXCLUSIVE, 10.0, 11.0)]


def test_while_the_migration_waits_for_a_lock_it_does_not_hold_it() -> None:
    seen = Seen(own=[Wait("users", 10.1, 10.6, "")])
    assert locks(told(locks=[("users", EXCLUSIVE)]), seen) == [("users", EXCLUSIVE, 10.5, 15.0)]
    assert observed("users.0004", told(), seen, TABLES).own_wait == 0.5


def test_a_lock_that_only_another_session_saw_belongs_to_the_statement_that_ran() -> None:
    seen = Seen(held={("users", "ShareLock"): [(10.2, 10.9), (12.0, 12.1)]})
    found = observed("users.0004", told(atomic=False), seen, TABLES).locks
    assert [(lock.statement, lock.start, lock.end) for lock in found] == [(ALTER, 10.2, 10.9), ("", 12.0, 12.1)]


def test_what_both_saw_is_there_once() -> None:
    seen = Seen(held={("users", EXCLUSIVE): [(10.2, 14.9)]})
    assert len(locks(told(locks=[("users", EXCLUSIVE)]), seen)) == 1


def test_new_tables_and_djangos_own_are_left_out() -> None:
    assert locks(told(locks=[("new", EXCLUSIVE), ("django_migrations", "RowExclusiveLock")])) == []


def test_only_what_reads_a_table_from_start_to_end_is_a_read() -> None:
    assert observed("users.0004", told(read={"users": 5}), Seen(), TABLES).reads == []
    assert [each.rows for each in observed("users.0004", told(read={"users": 200}), Seen(), TABLES).reads] == [200]


def test_the_longest_of_those_who_waited_is_named() -> None:
    seen = Seen(others=[Wait("users", 10.0, 10.1, "SELECT 1"), Wait("users", 10.0, 10.7, "UPDATE\n  users")])
    waited = observed("users.0004", told(), seen, TABLES).waited
    assert (waited.count, round(waited.longest, 1), waited.statement) == (2, 0.7, "UPDATE users")


def test_rows_that_are_changed_are_locked_to_the_end_of_the_transaction() -> None:
    def seconds(*, atomic: bool) -> list[float]:
        changed = {"users": 200, "django_migrations": 1, "new": 5}
        found = observed("users.0004", told(atomic=atomic, changed=changed), Seen(), TABLES)
        return [each.seconds for each in found.changes]

    assert (seconds(atomic=True), seconds(atomic=False)) == ([5.0], [0.5])
