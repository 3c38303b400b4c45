"""Checkouts for the tests that start whole stacks; whatever a test does, its stack is stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
    made: list[Checkout] = []

    def make(name: str = "checkout") -> Checkout:
        base = tmp_path_factory.mktemp("stack")
        made.append(Checkout(base / name, base / "home"))
        return made[-1]

    yield make
    for checkout in made:
        checkout.just("down", check=False)


@pytest.fixture(scope="module")
def stack(make_checkout: Callable[..., Checkout]) -> Checkout:
    """Return a checkout whose stack is up, shared by the tests of a module."""
    checkout = make_checkout()
    checkout.just("up")
    return checkout


@pytest.fixture(scope="module")
def trial(make_checkout: Callable[..., Checkout]) -> Trial:
    """Return a stack that is up, with short limits and tasks that misbehave, shared by the tests of a module."""
    trial = Trial(make_checkout())
    trial.checkout.just("up")
    return trial
