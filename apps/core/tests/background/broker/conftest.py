"""A broker of the tests' own, and workers of one connection that can die."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from kombu import Connection
from kombu.transport.virtual import Message

from apps.core.background.broker.lease import Lease
from apps.core.background.broker.transport import Transport


@pytest.fixture
def connection() -> Iterator[Connection]:
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
        yield connection
        for lease in tuple(Lease.open_ones):
            lease.give_back_all(count=False)
        connection.default_channel.client.flushdb()


@pytest.fixture
def redis(connection: Connection) -> Any:
    return connection.default_channel.client


def connect(transport: type = Transport) -> Connection:
    """Return a connection with this transport, whatever the scheme of the URL says."""
    connection = current_app.connection_for_write()
    connection.transport_cls = transport
    return connection


class Worker:
    """A connection that consumes the default queue."""

    def __init__(self, transport: type = Transport) -> None:
        self.connection = connect(transport)
        self.received: list[Message] = []
        self.channel: Any = self.connection.channel()
        self.channel.basic_consume("default", no_ack=False, callback=self.received.append, consumer_tag="1")

    @property
    def lease(self) -> Lease:
        # A channel opens another one in place of one that is closed.
        return self.channel._lease or self.channel.lease

    def receive(self, timeout: float = 5) -> Message:
        """Return the next message. Raises TimeoutError if there is none."""
        before = len(self.received)
        while len(self.received) == before:
            self.connection.drain_events(timeout=timeout)
        return self.received[-1]

    def receives_nothing(self, timeout: float = 0.3) -> bool:
        try:
            self.receive(timeout)
        except TimeoutError:
            return True
        return False

    def die(self) -> None:
        """End as if killed: nothing is returned, and the lease is not renewed any more."""
        self.lease._end()


@pytest.fixture
def worker(connection: Connection) -> Worker:
    return Worker()
