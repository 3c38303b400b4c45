"""kill -9 of any process, idle and under load: the next `just up` heals it, and nothing is lost."""

from collections.abc import Callable, Iterator

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import VICTIMS, Load, kill, leaders, load_on, up_in_time

pytestmark = pytest.mark.long

CASES = [*((victim,) for victim in VICTIMS), VICTIMS]


# An unfinished task is another worker's after this; by default only after ten minutes.
SOON = {"TASK_TIME_LIMIT": 10, "TASK_VISIBILITY_TIMEOUT": 61}


@pytest.fixture(scope="module")
def stack(make_started: Callable[..., Checkout]) -> Checkout:
    checkout = make_started()
    lines = [(checkout.path / ".env.example").read_text(), *(f"{name}={value}\n" for name, value in SOON.items())]
    (checkout.path / ".env").write_text("".join(lines).replace("SECRET_KEY=", f"SECRET_KEY={'x' * 50}"))
    checkout.just("up")
    return checkout


@pytest.fixture(scope="module")
def load(stack: Checkout) -> Iterator[Load]:
    with load_on(stack) as load:
        yield load


def rows(stack: Checkout) -> set[str]:
    return set(stack.just("psql", "-tAc", "SELECT number FROM kept").stdout.split())


def done(stack: Checkout) -> set[str]:
    query = "SELECT task_id FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
    return set(stack.just("psql", "-tAc", query).stdout.split())


@pytest.mark.parametrize("victims", CASES, ids="+".join)
def test_up_recovers_an_idle_stack(stack: Checkout, victims: tuple[str, ...]) -> None:
    assert set(victims) <= leaders(stack).keys()

    kill(stack, *victims)

    up_in_time(stack)


@pytest.mark.parametrize("victims", CASES, ids="+".join)
def test_up_recovers_a_stack_under_load_with_every_committed_row(
    stack: Checkout, load: Load, victims: tuple[str, ...]
) -> None:
    before = len(load.confirmed("row"))
    eventually(lambda: len(load.confirmed("row")) > before + 20, "rows")

    kill(stack, *victims)

    up_in_time(stack)
    confirmed = load.confirmed("row")
    assert set(confirmed) <= rows(stack)


def test_every_queued_task_has_run_in_the_end(stack: Checkout, load: Load) -> None:
    load.stop()
    queued = set(load.confirmed("task"))
    assert len(queued) > 100

    eventually(lambda: queued <= done(stack), lambda: f"{len(queued - done(stack))} tasks", seconds=120)


def test_without_up_nothing_outlives_a_killed_supervisor(stack: Checkout) -> None:
    kill(stack, "supervisor")

    eventually(lambda: not leaders(stack), "the end of every program", seconds=30)
