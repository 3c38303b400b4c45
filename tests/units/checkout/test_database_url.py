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
        "postgres://app:hunter2@db.example.com:99999/shop",
        "postgres://app:hunter2@db.example.com/shop\n",
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://cache.example.com/5", "names a database"),
        ("rediss://cache.example.com:6380/1", "names a database"),
        ("redis://", "names no host"),
        ("rediss://cache.example.com?timeout=hunter2", "options that not all clients"),
        ("redis://cache.example.com?ssl_cert_reqs=none", "options that not all clients"),
        ("redis://:hunter2@cache.example.com,", "is not like"),
        ("redis://:hunter2@cache.example.com ", "is not like"),
        ("redis://:hunter2@cache.example.com\n", "is not like"),
    ],
)
def test_what_a_url_of_redis_says_in_vain_is_refused_without_any_of_it(url: str, said: str) -> None:
    problem = servers.redis_url_problem(url)
    assert (said in problem, "hunter2" in problem) == (True, False), problem


def test_a_url_of_redis_may_have_options_of_tls_and_the_first_database() -> None:
    assert servers.redis_url_problem("rediss://:pw@cache.example.com:6380/0?ssl_ca_certs=/ca.pem") == ""
    assert servers.redis_url_problem("unix:///run/redis.sock?db=3") == ""
