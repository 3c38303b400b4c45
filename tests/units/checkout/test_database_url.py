"""DATABASE_URL and REDIS_URL: one parser for each, for the settings and the stack, and no secret in any message."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from checkout import database_url, servers
from stack.settings import consent


@pytest.mark.parametrize(
    ("password", "written"), [("p#w", "p#w"), ("p?w", "p?w"), ("p:w", "p:w"), ("p/w@x", "p%2Fw%40x")]
)
def test_a_password_is_read_as_libpq_reads_it(password: str, written: str) -> None:
    entry = database_url.for_django(f"postgres://app:{written}@db.example.com:5433/shop?sslmode=require")

    assert entry["PASSWORD"] == password
    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == ("db.example.com", "5433", "shop", "app")
    assert entry["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(
    "url",
    [
        "postgres://app:hunter2/x@db.example.com/shop",
        "postgres://app:1234/hunter2@db.example.com/shop",
        "postgres://app:x@hunter2@db.example.com/shop",
        "postgres://app:%hunter2@db.example.com/shop",
        "postgres://app:hunter2 x@db.example.com/shop",
        "postgres://app:x@db.example.com/shop?hunter2=1",
        "mysql://app:hunter2@db.example.com/shop",
    ],
)
def test_a_url_that_is_not_understood_is_refused_without_any_of_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="%2F, %40") as refused:
        database_url.for_django(url)

    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_what_looks_local_to_another_parser_is_not() -> None:
    # libpq: the user is "localhost#", the host db.example.com.
    assert not servers.is_local("postgres://localhost#@db.example.com/app")
    assert not servers.is_local("postgres://localhost,db.example.com/app")
    assert not servers.is_local("postgres:///app?service=production")


@pytest.mark.parametrize("url", ["redis://:p/hunter2@host:6379", "redis://:p#hunter2@host", "http://hunter2"])
def test_a_redis_url_that_is_not_understood_is_refused_without_any_of_it(url: str) -> None:
    said = servers.redis_url_problem(url)

    assert "%23" in said
    assert "hunter2" not in said
    assert not servers.is_local(url)


def test_a_database_is_named_without_its_password() -> None:
    assert consent.name_of("postgres://app:hunter2@db.example.com:5433/shop") == "shop at db.example.com:5433"
