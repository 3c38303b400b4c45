"""A worker that waits for tasks notices that the network drops its packets: nothing else would tell it."""

from collections.abc import Iterator
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from celery import current_app
from kombu import Connection
from redis import RedisError

from apps.core.background.broker.transport import Transport
from apps.core.tests.background.broker.conftest import Worker
from apps.core.tests.relay import Relay


@pytest.fixture
def relay(connection: Connection) -> Iterator[Relay]:
    with Relay(urlsplit(current_app.conf.broker_url).path) as relay:
        yield relay


@pytest.fixture
def worker(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    database = parse_qs(urlsplit(current_app.conf.broker_url).query)["virtual_host"][0]
    options = current_app.conf.broker_transport_options
    by_tcp = Connection(f"redis://127.0.0.1:{relay.port}/{database}", transport_options=options)
    by_tcp.transport_cls = Transport
    monkeypatch.setattr(current_app, "connection_for_write", lambda: by_tcp)
    worker = Worker()
    yield worker
    # It would return what it holds when this process ends, by a relay that is gone.
    worker.channel.qos._on_collect.cancel()


def test_a_worker_drops_a_connection_on_which_redis_does_not_answer(worker: Worker, relay: Relay) -> None:
    assert worker.receives_nothing()
    relay.silence()
    # Some seconds pass.
    worker.channel._brpop_sent_at = monotonic() - 10
    with pytest.raises((RedisError, OSError)):
        worker.receive(timeout=5)
