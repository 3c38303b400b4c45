"""From Kombu's own transport to leases and back, with workers of both at the same time: nothing is lost."""

import time
from typing import Any

import pytest
from kombu import Connection
from kombu.transport.redis import Transport as KombuTransport

from apps.core.background.broker import kombu_leftovers, storage
from apps.core.background.broker.reclaim import Reclaimer
from apps.core.background.broker.way_back import Drain
from apps.core.background.dead_letters import put_aside
from apps.core.tasks import measure_wait
from apps.core.tests.background.broker.conftest import Worker, connect
from checkout.queues import DELAYED, KOMBU_UNACKNOWLEDGED, lengths


@pytest.fixture
def kombus(connection: Connection) -> Any:
    """A worker with Kombu's own transport."""
    return Worker(KombuTransport)


@pytest.mark.parametrize("is_started", [True, False])
def test_what_kombus_left_comes_back_after_its_timeout(kombus: Worker, redis: Any, is_started: bool) -> None:
    measure_wait.delay(0)
    message = kombus.receive()
    if is_started:
        redis.sadd(kombu_leftovers.STARTED, message.delivery_tag)

    Reclaimer(redis, visibility_timeout=600).look()
    assert lengths(redis, ["default"]) == ({"default": 0}, 1, 0), "not before"
    time.sleep(0.1)
    Reclaimer(redis, visibility_timeout=0.05).look()

    assert lengths(redis, ["default"]) == ({"default": 1}, 0, 0)
    assert not redis.exists(KOMBU_UNACKNOWLEDGED, kombu_leftovers.INDEX, kombu_leftovers.STARTED)
    assert kombus.receive().headers.get(storage.LOST, 0) == int(is_started)


def test_what_kombus_left_and_nobody_can_read_becomes_a_dead_letter(redis: Any) -> None:
    redis.hset(KOMBU_UNACKNOWLEDGED, "tag", b"\xff")
    redis.zadd(kombu_leftovers.INDEX, {"tag": 0})
    Reclaimer(redis, visibility_timeout=600).look()
    assert not redis.exists(KOMBU_UNACKNOWLEDGED, kombu_leftovers.INDEX)
    assert redis.xlen(storage.DEAD_LETTERS) == 1


def test_what_is_no_task_becomes_a_dead_letter_with_kombus_too(kombus: Worker, redis: Any) -> None:
    measure_wait.delay(0)
    message = kombus.receive()
    put_aside(message, "It is no task.")
    message.reject()
    [(_, letter)] = redis.xrange(storage.DEAD_LETTERS)
    assert (letter[b"queue"], letter[b"reason"]) == (b"default", b"It is no task.")
    assert message.delivery_tag in letter[b"message"].decode()
    assert lengths(redis, ["default"]) == ({"default": 0}, 0, 0)


def test_messages_of_one_transport_are_read_by_the_other(worker: Worker, kombus: Worker) -> None:
    with connect(KombuTransport) as other:
        measure_wait.apply_async((0,), connection=other)
    worker.receive().ack()
    measure_wait.delay(0)
    kombus.receive().ack()


def test_the_way_back_returns_what_leases_and_delays_had(
    worker: Worker, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_wait.delay(0)
    worker.receive()
    measure_wait.apply_async((0,), countdown=0.2)
    measure_wait.apply_async((0,), countdown=3600)
    drain = Drain(redis)
    assert not drain.step()
    assert lengths(redis, ["default"]).unacknowledged == 1, "a living worker keeps what it runs"
    worker.die()
    drain._reclaimer._observer.run_out = lambda renewals, _at: list(renewals)  # type: ignore[method-assign]
    time.sleep(0.3)

    assert not drain.step(), "one task waits for its time"
    assert lengths(redis, ["default"]) == ({"default": 2}, 0, 1)
    redis.delete(DELAYED)
    assert drain.step()
