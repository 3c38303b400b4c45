from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, ProgrammingError, connection, connections
from rest_framework.test import APIClient

from apps.core.postgres.outages import is_outage
from apps.core.tests.helpers import log_in, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def other_session() -> Iterator[Any]:
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        yield other
    finally:
        other.close()


@contextmanager
def no_server_at_its_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let new connections find nobody, as when Postgres is down."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        patch.setitem(connection.settings_dict, "PORT", "1")
        yield
    connection.close()


def test_a_server_that_is_not_there_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_server_at_its_address(monkeypatch), pytest.raises(OperationalError) as found, connection.cursor():
        pass
    assert is_outage(found.value)


def test_a_session_that_was_ended_is_an_outage() -> None:
    with other_session() as other, other.cursor() as cursor:
        cursor.execute("SELECT 1")
        with connection.cursor() as own:
            own.execute("SELECT pg_terminate_backend(%s)", [other.connection.info.backend_pid])
        with pytest.raises(OperationalError) as found:
            cursor.execute("SELECT 1")
        assert is_outage(found.value)
        with pytest.raises(OperationalError) as found:
            cursor.execute("SELECT 1")
        assert is_outage(found.value)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SET statement_timeout = 1; SELECT pg_sleep(1)", OperationalError),
        ("SELECT * FROM no_such_table", ProgrammingError),
    ],
)
def test_a_query_that_fails_is_none(statement: str, error: type[Exception]) -> None:
    with other_session() as other, other.cursor() as cursor, pytest.raises(error) as found:
        cursor.execute(statement)
    assert not is_outage(found.value)


def test_the_api_is_unavailable_meanwhile_and_well_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    client = APIClient(raise_request_exception=False)
    log_in(client, make_user())
    with no_server_at_its_address(monkeypatch):
        answer = client.get("/api/v1/auth/profile/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "service_unavailable")
    assert client.get("/api/v1/auth/profile/").status_code == 200
