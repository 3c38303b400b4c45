"""Tasks that wait for their time wait in Redis, where any worker finds them when they are due."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from kombu import Connection
from kombu.transport.redis import Transport as KombuTransport

from apps.core.tasks import measure_wait
from apps.core.tests.background.broker.conftest import Worker, connect
from checkout.queues import DELAYED, lengths


def due_in(redis: Any) -> list[float]:
    now = float("{}.{:06}".format(*redis.time()))
    return [score - now for _, score in redis.zrange(DELAYED, 0, -1, withscores=True)]


@pytest.mark.parametrize("days", [1, 30, 3650])
def test_a_task_can_wait_for_days(worker: Worker, redis: Any, days: int) -> None:
    measure_wait.apply_async((0,), countdown=days * 86400)
    assert worker.receives_nothing(), "no worker holds it"
    assert lengths(redis, ["default"]) == ({"default": 0}, 0, 1)
    assert due_in(redis) == [pytest.approx(days * 86400, abs=5)]


def test_an_idle_worker_takes_it_when_it_is_due(worker: Worker) -> None:
    # It waits for one that is due later already.
    measure_wait.apply_async((1,), countdown=60)
    assert worker.receives_nothing(0.2)
    sent = time.monotonic()
    measure_wait.apply_async((0,), countdown=0.5)
    message = worker.receive()
    assert 0.5 <= time.monotonic() - sent < 1
    assert (message.headers["eta"], json.loads(bytes(message.body))[0]) == (None, [0])


def test_those_that_are_due_keep_their_order(worker: Worker, connection: Connection) -> None:
    for number in (3, 1, 2):
        measure_wait.apply_async((number,), countdown=number / 10)
    time.sleep(0.5)
    assert [json.loads(bytes(worker.receive().body))[0] for _ in range(3)] == [[1], [2], [3]]


@pytest.mark.parametrize("naive", [True, False])
def test_a_time_counts_as_a_countdown_does(redis: Any, naive: bool) -> None:
    eta = datetime.now(UTC) + timedelta(hours=2)
    measure_wait.apply_async((0,), eta=eta.replace(tzinfo=None) if naive else eta)
    assert due_in(redis) == [pytest.approx(7200, abs=5)]


def test_a_publisher_whose_clock_is_wrong_delays_as_long_as_it_says(redis: Any) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        measure_wait.apply_async((0,), countdown=100)
    assert due_in(redis) == [pytest.approx(100, abs=5)]


def test_a_time_that_has_passed_is_now(worker: Worker) -> None:
    measure_wait.apply_async((0,), eta=datetime.now(UTC) - timedelta(seconds=1))
    assert worker.receive()


def test_what_another_publisher_sends_with_a_time_is_not_held_by_the_worker(
    worker: Worker, connection: Connection, redis: Any
) -> None:
    """Held in memory, it would count against the worker's prefetch, and be lost to all others."""
    with connect(KombuTransport) as kombus:
        measure_wait.apply_async((7,), countdown=1, connection=kombus)
    assert (redis.llen("default"), redis.zcard(DELAYED)) == (1, 0)
    assert worker.receives_nothing()
    assert lengths(redis, ["default"]) == ({"default": 0}, 0, 1)
    assert json.loads(bytes(worker.receive().body))[0] == [7]
    assert worker.lease


def test_a_purge_removes_those_of_its_queue(redis: Any) -> None:
    measure_wait.apply_async((0,), countdown=60)
    measure_wait.apply_async((0,), countdown=60, queue="mail")
    measure_wait.delay(0)
    with connect() as connection:
        assert connection.default_channel.queue_purge("default") == 2
    assert lengths(redis, ["default", "mail"]) == ({"default": 0, "mail": 0}, 0, 1)


def test_a_retry_waits_in_redis(redis: Any) -> None:
    measure_wait.push_request(
        id="x", args=[0], kwargs={}, called_directly=False, delivery_info={"routing_key": "default"}
    )
    try:
        with pytest.raises(Exception, match="Retry"):
            measure_wait.retry(countdown=30, args=(0,), kwargs={})
    finally:
        measure_wait.pop_request()
    assert due_in(redis) == [pytest.approx(30, abs=5)]
