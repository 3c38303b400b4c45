"""Commands that meet: each waits for the other, and all succeed."""

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well


def test_two_ups_at_once(stack: Checkout) -> None:
    stack.just("down")

    with stack.start("up") as one, stack.start("up") as other:
        said = one.succeeds() + other.succeeds()

    assert "waiting for just up" in said
    assert "already up" in said
    assert_well(stack)


def test_up_during_down(stack: Checkout) -> None:
    with stack.start("down") as down:
        eventually(lambda: "stop web" in down.text(), "the first step of down")
        with stack.start("up") as up:
            assert "waiting for just down" in up.succeeds()
        down.succeeds()

    assert_well(stack)


def test_tests_during_up(stack: Checkout) -> None:
    stack.just("down")

    with stack.start("up") as up:
        eventually(lambda: "postgres" in up.text(), "the first steps of up")
        with stack.start("test", "-q", "apps/core/tests/health/test_health_views.py") as test:
            said = test.succeeds()
        up.succeeds()

    assert "waiting for just up" in said
    assert " passed" in said
    assert_well(stack)


def test_up_during_tests_finds_servers_running_and_leaves_them_so(stack: Checkout) -> None:
    stack.just("down")

    with stack.start("test", "-q", "apps/core/tests/health/test_health_views.py") as test:
        eventually(lambda: "redis" in test.text(), "the servers of the tests")
        with stack.start("up") as up:
            assert "waiting for just test" in up.succeeds()
        test.succeeds()

    assert_well(stack)
