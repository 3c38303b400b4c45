"""What the base of all tasks refuses."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from pytest_django import Settings

from apps.core.tasks import PoisonError, measure_wait


@pytest.fixture(autouse=True)
def _empty_queue() -> None:
    current_app.control.purge()


def test_without_leases_a_wait_beyond_the_visibility_timeout_is_refused_where_it_is_sent(settings: Settings) -> None:
    settings.TASK_LEASES = False
    limit = current_app.conf.visibility_timeout
    with pytest.raises(ValueError, match="again and again"):
        measure_wait.apply_async((0,), countdown=limit)
    with pytest.raises(ValueError, match="again and again"):
        measure_wait.apply_async((0,), eta=datetime.now(UTC) + timedelta(seconds=limit + 60))
    measure_wait.apply_async((0,), countdown=limit - 1)
    settings.TASK_LEASES = True
    measure_wait.apply_async((0,), countdown=limit)


def test_a_queue_that_no_worker_takes_from_is_refused_where_it_is_sent() -> None:
    with pytest.raises(Exception, match="mial"):
        measure_wait.apply_async((0,), queue="mial")


def test_what_was_lost_three_times_is_not_run() -> None:
    measure_wait.push_request(times_lost=3)
    try:
        with pytest.raises(PoisonError):
            measure_wait.before_start("id", (), {})
        measure_wait.request.times_lost = 2
        measure_wait.before_start("id", (), {})
    finally:
        measure_wait.pop_request()
