"""A kept connection is tested, mostly without asking Postgres, and none that was closed fails a request."""

from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from apps.core.postgres import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    connection.close()
    connection.health_check_enabled = True
    yield
    connection.close()


def ask() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def next_request() -> None:
    """Do what Django does at the end of a request and at the beginning of the next one."""
    connection.close_if_unusable_or_obsolete()
    connection.health_check_done = False


class Asked:
    """How often Postgres is asked whether the connection works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        original = base.DatabaseWrapper.is_usable

        def counting(wrapper: Any) -> bool:
            self.count += 1
            return bool(original(wrapper))

        monkeypatch.setattr(base.DatabaseWrapper, "is_usable", counting)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


def terminate(pid: int) -> None:
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_in_use_is_not_asked(asked: Asked) -> None:
    pid = ask()
    for _ in range(3):
        next_request()
        assert ask() == pid
    assert asked.count == 0


def test_one_that_was_idle_is_asked_once(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = ask()
    monkeypatch.setattr(base, "IDLE", 0)
    next_request()
    assert (ask(), ask()) == (pid, pid)
    assert asked.count == 1


def test_one_that_postgres_has_closed_is_replaced_before_a_query_fails(asked: Asked) -> None:
    pid = ask()
    terminate(pid)
    next_request()
    assert ask() != pid
    assert asked.count == 1


def test_one_on_which_something_arrived_is_asked_and_kept(asked: Asked) -> None:
    pid = ask()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("NOTIFY news")
    deadline = monotonic() + 5
    while not base.is_readable(connection.connection.fileno()) and monotonic() < deadline:
        sleep(0.01)
    next_request()
    assert ask() == pid
    assert asked.count == 1


def test_after_an_error_the_connection_is_asked(asked: Asked) -> None:
    pid = ask()
    with pytest.raises(DatabaseError):
        connection.cursor().execute("nonsense")
    connection.errors_occurred = True
    next_request()
    assert ask() == pid
    assert asked.count == 1


def test_the_vendor_is_postgresql() -> None:
    with CaptureQueriesContext(connection) as queries:
        ask()
    assert (connection.vendor, len(queries)) == ("postgresql", 1)
