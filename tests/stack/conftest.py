"""Checkouts for the tests that start whole stacks; whatever a test does, its stack is stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness import first_start
from tests.harness.checkout import Checkout
from tests.harness.trial_stack import Trial


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.stack)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="module")
def make_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Checkout]]:
    """Make checkouts in which nothing was ever started."""
    made: list[Checkout] = []

    def make(name: str = "checkout") -> Checkout:
        base = tmp_path_factory.mktemp("stack")
        made.append(Checkout(base / name, base / "home"))
        return made[-1]

    yield make
    for checkout in made:
        checkout.just("down", check=False)


@pytest.fixture(scope="module")
def make_started(
    make_checkout: Callable[..., Checkout], tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[..., Checkout]:
    """Make checkouts that are down and were up before: their next start finds an empty database, migrated."""
    temporary = tmp_path_factory.getbasetemp()
    shared = temporary if worker_id == "master" else temporary.parent

    def make(name: str = "checkout") -> Checkout:
        checkout = make_checkout(name)
        first_start.give(checkout, shared)
        return checkout

    return make


@pytest.fixture(scope="module")
def stack(make_started: Callable[..., Checkout]) -> Checkout:
    """Return a checkout whose stack is up, shared by the tests of a module."""
    checkout = make_started()
    checkout.just("up")
    return checkout


@pytest.fixture(scope="module")
def trial(make_started: Callable[..., Checkout]) -> Trial:
    """Return a stack that is up, with short limits and tasks that misbehave, shared by the tests of a module."""
    trial = Trial(make_started())
    trial.checkout.just("up")
    return trial
