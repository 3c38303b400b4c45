"""`just dev` holds the stack as long as its terminal is there, and no longer."""

from collections.abc import Callable, Iterator

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.running import Running


@pytest.fixture
def dev(make_checkout: Callable[..., Checkout]) -> Iterator[tuple[Checkout, Running]]:
    checkout = make_checkout()
    with checkout.start("dev", terminal=True) as running:
        eventually(lambda: "http://localhost" in running.text(), "the table of `just dev`", seconds=120)
        eventually(lambda: checkout.health()["status"] == "ok", "health")
        yield checkout, running


def test_control_c_stops_everything(dev: tuple[Checkout, Running]) -> None:
    checkout, running = dev

    running.type(b"\x03")

    running.process.wait(40)
    assert checkout.processes() == []
    assert "error" not in running.text()


def test_closing_the_terminal_stops_everything(dev: tuple[Checkout, Running]) -> None:
    checkout, running = dev

    running.close_terminal()

    eventually(lambda: not checkout.processes(), "the end of all processes", seconds=40)
