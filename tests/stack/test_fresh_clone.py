"""What works on a fresh clone, before anything was ever started."""

from collections.abc import Callable

from tests.harness.checkout import Checkout


def test_the_tests_run_and_leave_nothing_running(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()

    said = checkout.just("test", "apps/core/tests/health", "-q").stdout

    assert " passed" in said
    assert checkout.processes() == []
    assert not (checkout.state / "port").exists()


def test_status_and_down_say_that_nothing_runs(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()

    status = checkout.just("status", check=False)

    assert status.returncode == 1
    assert "just up" in status.stdout
    assert "nothing runs" in checkout.just("down").stdout


def test_broken_env_line_is_named_by_number_and_not_shown(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()
    (checkout.path / ".env").write_text("DEBUG=true\nhunter2 is the password\n")

    done = checkout.just("up", check=False)

    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
