"""Two checkouts at the same time, one of them at a path that breaks naive configuration."""

from collections.abc import Callable

import pytest

from tests.harness.checkout import Checkout


@pytest.fixture(scope="module")
def pair(make_checkout: Callable[..., Checkout]) -> tuple[Checkout, Checkout]:
    awkward = make_checkout("100 % native " + "x" * 137)
    assert len(awkward.path.name) == 150
    both = (make_checkout("plain"), awkward)
    with both[0].start("up") as one, both[1].start("up") as other:
        one.succeeds()
        other.succeeds()
    return both


def test_both_come_up_and_share_nothing(pair: tuple[Checkout, Checkout]) -> None:
    plain, awkward = pair

    assert plain.url != awkward.url
    plain.just("seed", "--users", "5")
    counts = [c.just("psql", "-tAc", "SELECT count(*) FROM users_customuser").stdout.strip() for c in pair]
    assert counts == ["5", "0"]
    plain.just("redis-cli", "SET", "only-here", "1")
    assert "only-here" not in awkward.just("redis-cli", "KEYS", "*").stdout


def test_both_test_suites_pass_at_the_same_time(pair: tuple[Checkout, Checkout]) -> None:
    # These use the database, the cache, the limits and the broker.
    tests = ("apps/core/tests/throttling", "apps/core/tests/background/broker", "apps/users/tests/test_user_model.py")
    with pair[0].start("test", "-q", *tests) as one, pair[1].start("test", "-q", *tests) as other:
        assert " passed" in one.succeeds()
        assert " passed" in other.succeeds()


def test_down_of_one_leaves_the_other_untouched(pair: tuple[Checkout, Checkout]) -> None:
    plain, awkward = pair
    before = {process.pid for process in plain.processes()}

    awkward.just("down")

    assert awkward.processes() == []
    assert {process.pid for process in plain.processes()} == before
    assert plain.health()["status"] == "ok"
