"""`just dev` holds the stack as long as its terminal is there, and no longer."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.running import Running


@pytest.fixture
def dev(make_started: Callable[..., Checkout]) -> Iterator[tuple[Checkout, Running]]:
    checkout = make_started()
    with checkout.start("dev", terminal=True) as running:
        eventually(lambda: "http://localhost" in running.text(), "the table of `just dev`", seconds=120)
        eventually(lambda: checkout.health()["status"] == "ok", "health")
        yield checkout, running


def pid_of_web(checkout: Checkout) -> int | None:
    programs = json.loads(checkout.just("status", "--json", check=False).stdout)["programs"]
    return programs["web"]["pid"]


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


def test_keys_filter_shorten_restart_and_quit(dev: tuple[Checkout, Running]) -> None:
    checkout, running = dev
    before = pid_of_web(checkout)
    for key, said in ((b"?", "keys:"), (b"f", "-- postgres"), (b"1", "-- one line a record"), (b"s", "PROGRAM")):
        count = running.text().count(said)
        running.type(key)
        eventually(lambda said=said, count=count: running.text().count(said) > count, said)

    running.type(b"r")
    eventually(lambda: pid_of_web(checkout) not in (None, before), "another process of web", seconds=30)

    running.type(b"q")
    running.process.wait(40)
    assert checkout.processes() == []


def test_a_stack_that_ran_before_goes_on(make_started: Callable[..., Checkout]) -> None:
    checkout = make_started()
    checkout.just("up")
    with checkout.start("dev", terminal=True) as running:
        eventually(lambda: "keys:" in running.text(), "the keys", seconds=60)
        running.type(b"q")
        running.process.wait(20)
        assert "goes on" in running.text()
    assert checkout.health()["status"] == "ok"
