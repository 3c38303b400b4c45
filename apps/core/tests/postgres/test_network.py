"""A network that drops packets does not hold a connection to Postgres for a quarter of an hour."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from apps.core.tests.relay import Relay

pytestmark = pytest.mark.django_db
# Seconds, a count, and milliseconds; macOS knows some of them, by other names.
EXPECTED = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


@pytest.fixture
def over_tcp() -> Iterator[Any]:
    """Give a connection of the application to the tests' Postgres, by TCP."""
    own = connection.settings_dict
    socket_file = f"{own['HOST']}/.s.PGSQL.{own['PORT']}"
    with Relay(socket_file) as relay:
        made = connections.create_connection(DEFAULT_DB_ALIAS)
        made.settings_dict = {**own, "HOST": "127.0.0.1", "PORT": relay.port}
        made.connect()
        yield made
        made.close()


def test_a_connection_to_postgres_is_given_up_when_the_network_drops_its_packets(over_tcp: Any) -> None:
    with socket.socket(fileno=os.dup(over_tcp.connection.fileno())) as found:
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        known = {name: value for name, value in EXPECTED.items() if hasattr(socket, name)}
        options = {name: found.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in known}
    assert known
    assert options == known


def test_connecting_is_given_up_after_five_seconds(over_tcp: Any) -> None:
    assert over_tcp.connection.info.get_parameters()["connect_timeout"] == "5"
