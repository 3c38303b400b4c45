"""`just up` interrupted at any of its steps leaves nothing half started."""

import os
import shutil
import signal
from collections.abc import Callable

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well, runtime_of

# Each step of a first start, and each signal at short and at long ones.
CASES = [
    ("packages of the stack", signal.SIGHUP),
    ("postgres: a new cluster", signal.SIGTERM),
    ("postgres  ", signal.SIGINT),
    ("redis  ", signal.SIGHUP),
    ("migrations", signal.SIGINT),
    ("web", signal.SIGTERM),
    ("web", signal.SIGHUP),
    ("worker", signal.SIGINT),
]


@pytest.fixture(scope="module")
def checkout(make_checkout: Callable[..., Checkout]) -> Checkout:
    return make_checkout()


@pytest.mark.parametrize(("step", "number"), CASES, ids=lambda value: str(getattr(value, "name", value)).strip())
def test_nothing_is_left_half_started(checkout: Checkout, step: str, number: signal.Signals) -> None:
    shutil.rmtree(checkout.state, ignore_errors=True)
    with checkout.start("up") as up:
        eventually(lambda: f"  {step}" in up.text(), f"the step {step}", seconds=60)
        # A terminal tells all that run in it; `kill` tells the one whose pid it is given.
        if number == signal.SIGTERM:
            os.kill(up.process.pid, number)
        else:
            os.killpg(up.process.pid, number)
        status = up.process.wait(60)
        text = up.text()

    assert status != 0, text
    eventually(lambda: not checkout.processes(), lambda: f"the end of {checkout.processes()}\n{text}", 60)
    assert not runtime_of(checkout).exists()
    assert list(checkout.state.glob("postgres.new.*")) == []
    assert "Traceback" not in text


def test_the_next_up_succeeds(checkout: Checkout) -> None:
    checkout.just("up")

    assert_well(checkout)
