"""The broker, against a real Redis: whoever dies, at whatever moment, a task is in the queue or noted as taken."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from celery import current_app
from celery.worker import state
from kombu import Connection
from kombu.transport.redis import Channel as KombuChannel

from apps.core.background.broker import LOST, STARTED, Transport
from apps.core.tasks import measure_wait


@pytest.fixture
def connection() -> Iterator[Connection]:
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
        yield connection
        connection.default_channel.client.flushdb()


@pytest.fixture
def redis(connection: Connection) -> Any:
    return connection.default_channel.client


def ask(channel: Any) -> None:
    """Do what a worker does first: ask for a task. It dies before it reads the answer."""
    channel.basic_consume("default", no_ack=False, callback=print, consumer_tag="1")
    channel.client.connection = channel.client.connection_pool.get_connection()
    channel._brpop_start()
    # Redis has answered when it answers the next question, of somebody else.
    time.sleep(0.05)


def test_the_broker_of_the_application_is_ours(connection: Connection) -> None:
    assert isinstance(connection.transport, Transport)


def test_a_worker_that_dies_before_it_reads_its_task_does_not_lose_it(connection: Connection, redis: Any) -> None:
    measure_wait.delay(0)
    ask(connection.channel())
    assert (redis.llen("default"), redis.hlen("unacked"), redis.zcard("unacked_index")) == (0, 1, 1)


def test_kombus_own_loses_it(connection: Connection, redis: Any) -> None:
    # The reason for all of this. Should it fail one day, apps/core/background/broker.py can count deliveries alone.
    measure_wait.delay(0)
    channel = KombuChannel(connection.connection)
    ask(channel)
    assert (redis.llen("default"), redis.hlen("unacked")) == (0, 0)


@pytest.mark.parametrize("started", [True, False])
def test_what_a_dead_worker_had_comes_back_after_the_timeout_and_is_counted_if_it_was_started(
    connection: Connection, redis: Any, started: bool
) -> None:
    measure_wait.delay(0)
    channel = connection.channel()
    with time_machine.travel(datetime.now(UTC)) as clock:
        for times in range(3):
            message = channel.basic_get("default")
            assert message.headers.get(LOST, 0) == (times if started else 0)
            if started:
                redis.sadd(STARTED, message.delivery_tag)
            clock.shift(channel.qos.visibility_timeout - 1)
            channel.qos.restore_visible(interval=1)
            assert redis.llen("default") == 0, "not before"
            clock.shift(2)
            channel.qos.restore_visible(interval=1)
            assert (redis.llen("default"), redis.hlen("unacked"), redis.scard(STARTED)) == (1, 0, 0)


@pytest.mark.parametrize(("told", "lost"), [(False, 1), (True, 0)])
def test_of_what_a_worker_gives_back_as_it_ends_only_what_it_was_told_to_is_not_counted(
    connection: Connection, redis: Any, monkeypatch: pytest.MonkeyPatch, told: bool, lost: int
) -> None:
    measure_wait.delay(0)
    taken = []
    with connection.clone() as other:
        channel = other.channel()
        channel.basic_consume("default", no_ack=False, callback=taken.append, consumer_tag="1")
        other.drain_events(timeout=5)
        redis.sadd(STARTED, taken[0].delivery_tag)
        monkeypatch.setattr(state, "should_stop", 0 if told else None)
    assert connection.default_channel.basic_get("default").headers.get(LOST, 0) == lost


@pytest.mark.parametrize("value", ["many", [], -5, True, None])
def test_a_count_that_is_none_counts_as_never(connection: Connection, redis: Any, value: object) -> None:
    with connection.SimpleQueue("default") as queue:
        queue.put({}, headers={LOST: value})
    channel = connection.channel()
    message = channel.basic_get("default")
    redis.sadd(STARTED, message.delivery_tag)
    message.reject(requeue=True)
    assert channel.basic_get("default").headers[LOST] == 1


def test_the_answers_of_workers_are_not_kept(connection: Connection, redis: Any) -> None:
    answers = []
    channel = connection.channel()
    channel.queue_declare("answers")
    channel.basic_consume("answers", no_ack=True, callback=answers.append, consumer_tag="1")
    connection.SimpleQueue("answers").put({"ok": "pong"})
    connection.drain_events(timeout=5)
    assert (len(answers), redis.hlen("unacked"), redis.llen("answers")) == (1, 0, 0)


def test_what_a_worker_hands_back_is_not_counted(connection: Connection, redis: Any) -> None:
    measure_wait.delay(0)
    taken = []
    with connection.clone() as other:
        channel = other.channel()
        channel.basic_consume("default", no_ack=False, callback=taken.append, consumer_tag="1")
        other.drain_events(timeout=5)
        assert redis.hlen("unacked") == 1
    # Closed: as a worker closes when it is told to stop.
    assert redis.llen("default") == 1
    assert LOST not in connection.default_channel.basic_get("default").headers


def test_a_waiting_worker_gets_a_task_at_once(connection: Connection) -> None:
    arrived = []
    with connection.clone() as other:
        channel = other.channel()
        channel.basic_consume(
            "default", no_ack=False, callback=lambda _: arrived.append(time.monotonic()), consumer_tag="1"
        )
        with pytest.raises(TimeoutError):
            other.drain_events(timeout=0.1)
        sent = time.monotonic()
        measure_wait.delay(0)
        other.drain_events(timeout=5)
    assert arrived[0] - sent < 0.5, "without the hint it would take a second"
