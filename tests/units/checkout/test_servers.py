import pytest

from checkout import paths, servers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", True),
        ("postgres:///app", True),
        ("postgres://user:pw@localhost:5432/app", True),
        ("postgres://user@127.0.0.1/app", True),
        ("postgres://user@[::1]/app", True),
        ("postgres://user@%2Frun%2Fpostgresql/app", True),
        ("postgres:///app?host=/run/postgresql", True),
        ("unix:///run/redis.sock", True),
        ("postgres://user:pw@db.example.com/app", False),
        ("postgres:///app?host=db.example.com", False),
        ("postgres://localhost/app?hostaddr=192.0.2.7", False),
        ("redis://:localhost@cache.example.com:6379", False),
        ("postgres://localhost.example.com/app", False),
    ],
)
def test_a_server_is_local_only_where_it_is_this_machine(url: str, expected: bool) -> None:
    assert servers.is_local(url) is expected


@pytest.mark.parametrize(
    ("base", "scheme", "expected"),
    [
        ("", "unix", f"unix://{paths.REDIS_SOCKET}?db=4"),
        ("", "redis+socket", f"redis+socket://{paths.REDIS_SOCKET}?virtual_host=4"),
        ("unix://:pw@/run/redis.sock?db=9", "unix", "unix://:pw@/run/redis.sock?db=4"),
        ("unix:///run/redis.sock", "redis+socket", "redis+socket:///run/redis.sock?virtual_host=4"),
        ("redis://:pw@host:6379", "redis+socket", "redis://:pw@host:6379/4"),
        ("rediss://host:6379/9?ssl_cert_reqs=required", "unix", "rediss://host:6379/4?ssl_cert_reqs=required"),
    ],
)
def test_each_job_has_a_database_on_whatever_server(
    base: str, scheme: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "redis_password", lambda: "")
    assert servers.redis_url("cache", base=base, offset=3, scheme=scheme) == expected


def test_the_own_redis_is_asked_with_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "redis_password", lambda: "p/w")
    assert servers.redis_url("broker") == f"unix://:p%2Fw@{paths.REDIS_SOCKET}?db=0"
