"""Random steps, one after the other: whatever came before, the next `just up` succeeds, and `just down` leaves nothing.

SOAK_STEPS says how many (a few by default), SOAK_SEED repeats a run; a failure names its seed.
"""

import os
import random
import shutil
import sys
from collections.abc import Callable

import pytest

from tests.harness.checkout import Checkout
from tests.harness.faults import PROGRAMS, VICTIMS, assert_well, kill, runtime_of

STEPS = int(os.environ.get("SOAK_STEPS", "8"))
SEED = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
# Each as often as its weight says; a stack that is down is not worth killing.
ACTIONS = {"up": 6, "down": 2, "restart": 1, "restart one": 2, "kill one": 6, "kill all": 2, "delete sockets": 1}


@pytest.fixture(scope="module")
def checkout(make_started: Callable[..., Checkout]) -> Checkout:
    return make_started()


def take(action: str, checkout: Checkout, chance: random.Random) -> str:
    """Take a step and return what it was in full."""
    if action == "restart one":
        program = chance.choice(PROGRAMS)
        checkout.just("restart", program)
        return f"restart {program}"
    if action == "kill one":
        victim = chance.choice(VICTIMS)
        kill(checkout, victim)
        return f"kill {victim}"
    if action == "kill all":
        kill(checkout, *VICTIMS)
    elif action == "delete sockets":
        shutil.rmtree(runtime_of(checkout), ignore_errors=True)
    else:
        checkout.just(action)
    return action


def test_any_sequence_of_steps_ends_well_and_leaves_nothing(checkout: Checkout) -> None:
    chance = random.Random(SEED)  # noqa: S311 - to be repeated, not to be unpredictable
    sys.stdout.write(f"SOAK_SEED={SEED}\n")
    for number, action in enumerate(chance.choices(list(ACTIONS), list(ACTIONS.values()), k=STEPS), start=1):
        done = take(action, checkout, chance)
        sys.stdout.write(f"{number:3} {done}\n")

    checkout.just("up")
    assert_well(checkout)
    checkout.just("down")
    assert checkout.processes() == []
    assert not runtime_of(checkout).exists()
    assert not [path for pattern in ("*.new.*", "*.stamp", "*.partial") for path in checkout.state.glob(pattern)]
    checkout.just("doctor")
