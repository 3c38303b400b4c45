"""The broker, against a real Redis: whoever dies, at whatever moment, a task is in the queue or held by a lease."""

import time
from typing import Any

import pytest
from celery import current_app
from celery.worker import state
from kombu import Connection
from kombu.transport.redis import Channel as KombuChannel
from redis.exceptions import ResponseError

from apps.core.background.broker import storage
from apps.core.background.broker.lease import LeaseLostError
from apps.core.background.broker.storage import LOST
from apps.core.background.broker.transport import Transport
from apps.core.tasks import measure_wait
from apps.core.tests.background.broker.conftest import Worker
from checkout.queues import HOLDERS, LEASES, held, lengths


def ask(channel: Any) -> None:
    """Do what a worker does first: ask for a task. It dies before it reads the answer."""
    channel.basic_consume("default", no_ack=False, callback=print, consumer_tag="1")
    channel.client.connection = channel.client.connection_pool.get_connection()
    channel._brpop_start()
    # Redis has answered when it answers the next question, of somebody else.
    time.sleep(0.05)


def start(redis: Any, message: Any) -> None:
    """Record the start of the task as its process does."""
    redis.sadd(storage.started(message.properties["lease"]), message.delivery_tag)


def test_the_broker_of_the_application_is_ours(connection: Connection) -> None:
    assert isinstance(connection.transport, Transport)


def test_a_worker_that_dies_before_it_reads_its_task_does_not_lose_it(connection: Connection, redis: Any) -> None:
    measure_wait.delay(0)
    ask(connection.channel())
    assert lengths(redis, ["default"]) == ({"default": 0}, 1, 0)


def test_kombus_own_loses_it(connection: Connection, redis: Any) -> None:
    # A reason for all of this. Should it fail one day, the broker has one task less.
    measure_wait.delay(0)
    channel = KombuChannel(connection.connection)
    ask(channel)
    assert lengths(redis, ["default"]) == ({"default": 0}, 0, 0)


def test_an_acknowledged_task_leaves_nothing_but_the_lease(worker: Worker, redis: Any) -> None:
    measure_wait.delay(0)
    message = worker.receive()
    start(redis, message)
    message.ack()
    assert lengths(redis, ["default"]) == ({"default": 0}, 0, 0)
    assert {key.decode() for key in redis.keys("broker:*")} == {LEASES, HOLDERS}


def test_a_late_acknowledgement_removes_nothing_that_another_worker_has(
    worker: Worker, connection: Connection, redis: Any
) -> None:
    measure_wait.delay(0)
    late = worker.receive()
    worker.lease.give_back([str(late.delivery_tag)], count=False)
    other = Worker()
    other.receive()

    late.ack()

    assert redis.hlen(held(other.lease.id)) == 1


@pytest.mark.parametrize(("told", "lost"), [(False, 1), (True, 0)])
def test_of_what_a_worker_gives_back_as_it_ends_only_what_it_was_told_to_is_not_counted(
    worker: Worker, connection: Connection, monkeypatch: pytest.MonkeyPatch, told: bool, lost: int
) -> None:
    measure_wait.delay(0)
    start(connection.default_channel.client, worker.receive())
    monkeypatch.setattr(state, "should_stop", 0 if told else None)
    worker.connection.close()
    assert connection.default_channel.basic_get("default").headers.get(LOST, 0) == lost


@pytest.mark.parametrize("value", ["many", [], -5, True, None])
def test_a_count_that_is_none_counts_as_never(connection: Connection, redis: Any, value: object) -> None:
    with connection.SimpleQueue("default") as queue:
        queue.put({}, headers={LOST: value})
    channel = connection.channel()
    message = channel.basic_get("default")
    start(redis, message)
    message.reject(requeue=True)
    assert channel.basic_get("default").headers[LOST] == 1


def test_the_answers_of_workers_are_not_kept(connection: Connection, redis: Any) -> None:
    answers = []
    channel = connection.channel()
    channel.queue_declare("answers")
    channel.basic_consume("answers", no_ack=True, callback=answers.append, consumer_tag="1")
    connection.SimpleQueue("answers").put({"ok": "pong"})
    connection.drain_events(timeout=5)
    assert (len(answers), lengths(redis, ["answers"])) == (1, ({"answers": 0}, 0, 0))
    assert not redis.exists(LEASES), "a client needs no lease"


def test_what_a_worker_hands_back_is_not_counted(worker: Worker, connection: Connection, redis: Any) -> None:
    measure_wait.delay(0)
    worker.receive()
    assert lengths(redis, ["default"]).unacknowledged == 1
    # Closed: as a worker closes when it is told to stop.
    worker.connection.close()
    assert (redis.llen("default"), redis.exists(LEASES)) == (1, 0)
    assert LOST not in connection.default_channel.basic_get("default").headers


def test_a_waiting_worker_gets_a_task_at_once(worker: Worker) -> None:
    assert worker.receives_nothing(0.1)
    sent = time.monotonic()
    measure_wait.delay(0)
    worker.receive()
    assert time.monotonic() - sent < 0.5, "without the hint it would take a second"


def test_a_worker_without_its_lease_receives_nothing_and_connects_again(worker: Worker, redis: Any) -> None:
    worker.receives_nothing()
    redis.delete(LEASES)
    measure_wait.delay(0)
    with pytest.raises(LeaseLostError):
        worker.receive()
    with pytest.raises(LeaseLostError):
        worker.receive()
    assert redis.llen("default") == 1


def test_a_redis_that_has_forgotten_its_scripts_is_told_them_again(worker: Worker) -> None:
    measure_wait.delay(0)
    worker.receive()
    # A script that Redis does not know. To flush them would disturb the tests beside this one.
    worker.channel._fetch = "0" * 40
    measure_wait.delay(0)
    assert worker.receive()


def test_an_error_of_the_script_is_not_hidden(worker: Worker, redis: Any) -> None:
    redis.set("default", "a string in place of a list")
    with pytest.raises(ResponseError):
        worker.receive()


def test_a_closed_connection_can_be_opened_again(worker: Worker) -> None:
    measure_wait.delay(0)
    worker.receive()
    worker.channel.close()
    again = worker.connection.channel()
    message = again.basic_get("default")
    message.ack()
    assert message.properties["lease"] == again.lease.id


def test_a_worker_with_its_own_loop_gets_the_tasks_of_all_of_its_queues(connection: Connection) -> None:
    queues = current_app.amqp.queues
    with connection.clone() as other:
        received: list[Any] = []
        with other.Consumer(list(queues.values()), callbacks=[lambda _body, message: received.append(message)]):
            for name in queues:
                measure_wait.apply_async((0,), queue=name)
            while len(received) < len(queues):
                other.drain_events(timeout=5)
        assert {message.delivery_info["routing_key"] for message in received} == set(queues)
