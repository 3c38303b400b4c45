"""What the broker relies on in Kombu. When one of these fails after an update, read docs/broker.md before a fix."""

import inspect
from queue import Empty
from typing import Any

import kombu
import pytest
from kombu import Connection
from kombu.transport import redis as kombu_redis
from kombu.transport.virtual import base as virtual

from apps.core.background.broker.transport import Channel, QoS, Transport
from apps.core.tasks import measure_wait
from apps.core.tests.background.broker.conftest import Worker

# What Kombu calls and the broker overrides: with these arguments.
OVERRIDDEN = {
    (kombu_redis.Channel, "_put"): "(self, queue, message, **kwargs)",
    (kombu_redis.Channel, "_purge"): "(self, queue)",
    (kombu_redis.Channel, "_brpop_start"): "(self, timeout=None)",
    (kombu_redis.Channel, "_brpop_read"): "(self, **options)",
    (kombu_redis.Channel, "basic_consume"): "(self, queue, *args, **kwargs)",
    (virtual.Channel, "basic_get"): "(self, queue, no_ack=False, **kwargs)",
    (virtual.QoS, "can_consume"): "(self)",
    (virtual.QoS, "ack"): "(self, delivery_tag)",
    (virtual.QoS, "reject"): "(self, delivery_tag, requeue=False)",
    (virtual.QoS, "restore_unacked"): "(self)",
    (virtual.QoS, "restore_unacked_once"): "(self, stderr=None)",
}
# What the broker calls.
CALLED = {
    (kombu_redis.Channel, "_get_pool"): "(self, asynchronous=False)",
    (kombu_redis.Channel, "_flush_brpop_reauth"): "(self)",
    (kombu_redis.Channel, "conn_or_acquire"): "(self, client=None)",
    (virtual.Transport, "_deliver"): "(self, message, queue)",
    (virtual.QoS, "append"): "(self, message, delivery_tag)",
}


def test_the_version_is_one_that_was_read() -> None:
    assert kombu.VERSION[:2] == (5, 7)


@pytest.mark.parametrize(("owner", "name"), [*OVERRIDDEN, *CALLED])
def test_a_private_part_is_as_it_was(owner: type, name: str) -> None:
    found = str(inspect.signature(inspect.unwrap(getattr(owner, name))))
    assert found == {**OVERRIDDEN, **CALLED}[owner, name]


def test_nothing_else_of_kombus_is_overridden() -> None:
    ours = {
        (kombu_base, name)
        for own, kombu_base in ((Channel, kombu_redis.Channel), (QoS, virtual.QoS), (Transport, kombu_redis.Transport))
        for name, value in vars(own).items()
        if inspect.isfunction(value) and not name.startswith("__") and hasattr(kombu_base, name)
    }
    assert {name for _, name in ours} == {name for _, name in OVERRIDDEN}


@pytest.mark.parametrize("transport", [kombu_redis.Transport, Transport])
def test_the_poller_asks_reads_until_empty_and_asks_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, transport: type
) -> None:
    """Both transports are called in the same order, since the same poller drives them."""
    calls: list[str] = []
    channel_class = transport.Channel  # type: ignore[attr-defined]

    def record(name: str) -> None:
        original = getattr(channel_class, name)

        def recording(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                answer = original(self, *args, **kwargs)
            except Empty:
                calls.append(f"{name}: empty")
                raise
            calls.append(name)
            return answer

        monkeypatch.setattr(channel_class, name, recording)

    for name in ("_brpop_start", "_brpop_read"):
        record(name)
    worker = Worker(transport)
    measure_wait.delay(0)
    worker.receive()
    while "_brpop_read: empty" not in calls:
        worker.receives_nothing(1.5)
    assert calls[:3] == ["_brpop_start", "_brpop_read", "_brpop_start"]
    for start, read in zip(calls[::2], calls[1::2], strict=False):
        assert (start, read.partition(":")[0]) == ("_brpop_start", "_brpop_read"), "never two questions at once"


@pytest.mark.parametrize("transport", [kombu_redis.Transport, Transport])
def test_a_worker_takes_no_more_than_it_may(connection: Connection, transport: type) -> None:
    worker = Worker(transport)
    worker.channel.basic_qos(0, 2, False)  # noqa: FBT003 - AMQP's signature
    for _ in range(3):
        measure_wait.delay(0)
    first, _ = worker.receive(), worker.receive()
    assert worker.receives_nothing()
    first.ack()
    assert worker.receive()


def test_a_message_has_the_parts_that_the_scripts_read(worker: Worker) -> None:
    measure_wait.delay(0)
    message = worker.receive()
    assert isinstance(message.properties["delivery_tag"], str)
    assert message.delivery_info["routing_key"] == "default"
    assert {"body", "content-encoding", "content-type", "headers", "properties"} == set(message._raw)  # type: ignore[attr-defined]


def test_a_lost_lease_is_an_error_for_which_kombu_connects_again() -> None:
    assert issubclass(OSError, kombu_redis.Transport.connection_errors)
