"""The port of the API."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import paths, servers
from stack.errors import StackError
from stack.programs import web


@pytest.fixture(autouse=True)
def kept_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "PORT_FILE", tmp_path / "port")
    return tmp_path / "port"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_port_is_kept_for_the_next_time(kept_port: Path) -> None:
    with web.listen(0) as listener:
        port = listener.getsockname()[1]
    assert servers.web_port() == port

    with web.listen(0) as again:
        assert again.getsockname()[1] == port


def test_a_kept_port_that_is_taken_gives_way_to_the_next_free_one(kept_port: Path, taken: int) -> None:
    kept_port.write_text(str(taken))

    with web.listen(0) as listener:
        assert listener.getsockname()[1] != taken


def test_two_that_listen_at_once_get_different_ports() -> None:
    with web.listen(0) as one, web.listen(0) as other:
        assert one.getsockname() != other.getsockname()


def test_a_pinned_port_that_is_taken_is_an_error_that_names_its_holder(taken: int) -> None:
    with pytest.raises(StackError, match=rf"port {taken} .* taken by .*\(pid {os.getpid()}\)"):
        web.listen(taken)


def test_a_damaged_port_file_counts_for_nothing(kept_port: Path) -> None:
    kept_port.write_text("not a port")

    assert servers.web_port() == 0


def test_a_port_that_somebody_has_on_ipv6_alone_is_taken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} .* taken by .*\(pid {os.getpid()}\)"):
            web.listen(port)


def test_nobody_else_can_become_localhost_on_ipv6() -> None:
    with web.listen(0) as listener:
        port = listener.getsockname()[1]
        other = web.listen_on_ipv6(port)
        assert other
        with other, pytest.raises(OSError, match="in use"):
            socket.create_server(("::1", port), family=socket.AF_INET6)
