"""A query of every request is planned once for each connection, and nobody notices when its plan has to change."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from apps.core.postgres import prepared

pytestmark = pytest.mark.django_db(transaction=True)
SQL = "SELECT name FROM prepared_trial WHERE name = %s"


@pytest.fixture(autouse=True)
def _table() -> Iterator[None]:
    connection.close()
    execute("CREATE TABLE prepared_trial (name varchar(10))")
    execute("INSERT INTO prepared_trial VALUES ('Ada')")
    yield
    execute("DROP TABLE prepared_trial")
    connection.close()


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def find(name: str = "Ada", times: int = 1) -> list[tuple[str, ...] | None]:
    return [prepared.fetch_one(SQL, [name]) for _ in range(times)]


def statements() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


def test_a_query_that_is_run_often_is_prepared() -> None:
    find()
    assert statements() == []
    assert find(times=9) == [("Ada",)] * 9
    assert find("Bob") == [None]
    assert statements() == ["SELECT name FROM prepared_trial WHERE name = $1"]


def test_what_others_run_on_the_connection_is_not_prepared() -> None:
    find(times=9)
    for _ in range(9):
        execute("SELECT name FROM prepared_trial")
    assert len(statements()) == 1


def test_a_value_is_no_part_of_the_query() -> None:
    assert find("' OR name > '", times=9) == [None] * 9


def test_a_column_whose_type_changes_fails_no_request() -> None:
    find(times=9)
    before = connection.connection.info.backend_pid
    execute("ALTER TABLE prepared_trial ALTER COLUMN name TYPE varchar(20)")
    assert find(times=9) == [("Ada",)] * 9
    assert connection.connection.info.backend_pid != before


def test_a_statement_that_a_pool_has_given_to_another_connection_fails_no_request() -> None:
    find(times=9)
    execute("DEALLOCATE ALL")
    assert find(times=9) == [("Ada",)] * 9


def test_a_statement_of_that_name_that_was_there_before_fails_no_request() -> None:
    execute("PREPARE _pg3_0 AS SELECT 'Eve'")
    assert find(times=9) == [("Ada",)] * 9


def test_a_query_that_is_wrong_is_told_as_the_orm_does() -> None:
    with pytest.raises(Exception, match="nowhere") as raised:
        prepared.fetch_one("SELECT nowhere FROM prepared_trial WHERE name = %s", ["Ada"])
    assert raised.type.__module__ == "django.db.utils"


def test_a_transaction_prepares_nothing_and_goes_on_after_a_change_of_a_type() -> None:
    with transaction.atomic():
        find(times=9)
        execute("ALTER TABLE prepared_trial ALTER COLUMN name TYPE varchar(20)")
        assert find() == [("Ada",)]
    assert statements() == []


def test_a_pool_of_transactions_is_asked_to_prepare_nothing() -> None:
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    try:
        assert find(times=9) == [("Ada",)] * 9
        assert statements() == []
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
