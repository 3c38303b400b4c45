from concurrent.futures import ThreadPoolExecutor
from time import sleep, time
from typing import Any

import pytest
from django.conf import settings
from redis import Redis, ResponseError
from redis.connection import AbstractConnection

from apps.core.throttling.limiter import Limit, Limiter, limiter


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the commands that are sent to Redis."""
    commands: list[str] = []
    send = AbstractConnection.send_command

    def collecting(self: Any, *args: Any, **kwargs: Any) -> None:
        commands.append(args[0])
        send(self, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "send_command", collecting)
    return commands


def test_lets_in_as_many_as_it_says_and_then_one_at_a_time() -> None:
    limit = Limit("burst", requests=5, seconds=1)
    assert [limiter().wait([limit]) for _ in range(5)] == [0] * 5
    wait = limiter().wait([limit])
    assert 0 < wait <= 0.2
    sleep(wait)
    assert limiter().wait([limit]) == 0
    assert limiter().wait([limit]) > 0


def test_of_many_at_once_exactly_the_allowed_number_come_in() -> None:
    limit = Limit("race", requests=20, seconds=3600)
    with ThreadPoolExecutor(16) as threads:
        waits = list(threads.map(lambda _: limiter().wait([limit]), range(200)))
    assert waits.count(0) == 20


def test_a_limit_that_refuses_charges_no_other() -> None:
    narrow, wide = Limit("narrow", 1, 3600), Limit("wide", 3, 3600)
    assert limiter().wait([narrow, wide]) == 0
    for _ in range(10):
        assert limiter().wait([narrow, wide]) > 0
    assert [limiter().wait([wide]) > 0 for _ in range(3)] == [False, False, True]


def test_keys_do_not_share_and_do_not_stay() -> None:
    assert limiter().wait([Limit("a", 1, 1)]) == 0
    assert limiter().wait([Limit("b", 1, 1)]) == 0
    assert 0 < limiter().client.pttl("a") <= 1000


def test_all_limits_cost_one_round_trip(sent: list[str]) -> None:
    limiter().wait([Limit("warm", 1, 1)])  # connects, and loads the script
    sent.clear()
    limiter().wait([Limit(str(n), 10, 60) for n in range(3)])
    assert sent == ["EVALSHA"]


def test_a_mistake_in_a_script_is_not_taken_for_an_absent_redis() -> None:
    with pytest.raises(ResponseError, match="user_script"):
        limiter().take([Limit("too-many:1", 10**9, 1)])


@pytest.fixture
def lonely() -> Limiter:
    return Limiter(Redis(unix_socket_path="/nowhere/redis.sock", **settings.REDIS_OPTIONS))


def test_without_redis_everyone_comes_in_and_that_is_on_record(
    lonely: Limiter, caplog: pytest.LogCaptureFixture
) -> None:
    started = time()
    assert [lonely.wait([Limit("login:1", 1, 3600)]) for _ in range(100)] == [0] * 100
    # One line, not a hundred, and the dead are not asked each time.
    assert [(record.name, record.levelname) for record in caplog.records] == [("django.security.throttle", "WARNING")]
    assert time() - started < 0.5
