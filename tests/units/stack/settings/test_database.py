"""The database that DATABASE_URL means, in the words of Postgres' clients."""

import pytest

from stack.commands import clients
from stack.errors import StackError
from stack.settings.database import application_database, require_local
from stack.settings.environment import Environment


def settings(url: str) -> Environment:
    return Environment(port=0, postgres_port=0, redis_port=0, database_url=url, redis_url="")


def test_the_password_goes_by_the_environment_and_never_by_the_command_line() -> None:
    database = application_database(settings("postgres://app:hunter2@db.example.com:5433/shop"))

    assert "hunter2" not in database.conninfo()
    assert "host=db.example.com" in database.conninfo()
    assert "port=5433" in database.conninfo()
    assert database.environment()["PGPASSWORD"] == "hunter2"
    assert "dbname=postgres" in database.conninfo("postgres")


@pytest.mark.parametrize(
    "url", ["hunter2", "postgres//a:hunter2@b/c", "sqlite:///hunter2", "postgres://u:hunter2@host"]
)
def test_what_is_no_url_of_a_database_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(StackError, match="DATABASE_URL") as raised:
        application_database(settings(url))

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["postgres://db/app", "postgres:///app?host=db", "postgres://localhost/app?hostaddr=10.1.2.3"]
)
def test_another_machine_is_refused_by_what_replaces_data(url: str) -> None:
    with pytest.raises(StackError, match="just reset"):
        require_local(application_database(settings(url)), "reset")


@pytest.mark.parametrize("url", ["", "postgres://localhost/app", "postgres:///app?host=/run/postgresql"])
def test_this_machine_is_not(url: str) -> None:
    require_local(application_database(settings(url)), "reset")


def test_neither_does_that_of_redis() -> None:
    options, password = clients._place("redis://worker:hunter2%23@cache.example.com:6380")

    assert options == ["-u", "redis://cache.example.com:6380", "--user", "worker"]
    assert password == "hunter2#"


def test_a_client_of_postgres_sees_nothing_that_another_project_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGOPTIONS", "PGSSLMODE", "PGCHANNELBINDING", "PGTARGETSESSIONATTRS", "PGPASSWORD", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "x")

    environment = application_database(settings("postgres://localhost/app")).environment()

    assert not [name for name in environment if name.startswith(("PG", "LD_"))]


def test_redis_cli_gets_a_socket_as_a_path_for_it_knows_no_such_url() -> None:
    assert clients._place("unix://:hunter2@/run/redis.sock?db=3") == (["-s", "/run/redis.sock"], "hunter2")
