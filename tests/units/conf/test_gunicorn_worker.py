"""The worker of gunicorn, with real processes: connections are shared out, and none waits for long."""

import http.client
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

PROCESSES = 2
_APP = """
import os, time
def application(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0.005))
    start_response("200 OK", [("Content-Length", str(len(str(os.getpid()))))])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    directory = tmp_path_factory.mktemp("app")
    (directory / "sleepy.py").write_text(_APP)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number = found.getsockname()[1]
    options = ["--worker-class=conf.gunicorn_worker.FairThreadWorker", f"--workers={PROCESSES}", "--threads=2"]
    options += [f"--bind=127.0.0.1:{number}", f"--pythonpath={directory}", "--no-control-socket", "--log-level=error"]
    with subprocess.Popen([sys.executable, "-m", "gunicorn", *options, "sleepy"]) as server:
        try:
            wait_for(number)
            yield number
        finally:
            server.terminate()


def wait_for(number: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if len({ask_once(number) for _ in range(10)}) == PROCESSES:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("gunicorn did not start")


def open_to(number: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
    connection.connect()
    return connection


def ask(connection: http.client.HTTPConnection, seconds: str = "") -> str:
    connection.request("GET", f"/?{seconds}")
    return connection.getresponse().read().decode()


def ask_once(number: int, seconds: str = "") -> str:
    with closing(open_to(number)) as connection:
        return ask(connection, seconds)


def test_connections_that_stay_open_are_shared_out_among_the_processes(port: int) -> None:
    for _ in range(10):
        with ThreadPoolExecutor(8) as threads:
            connections = list(threads.map(open_to, [port] * 8))
            owners = Counter(threads.map(ask, connections))
        for connection in connections:
            connection.close()
        # gunicorn's own worker often gives all of them to one.
        assert len(owners) == PROCESSES
        assert min(owners.values()) >= 2, owners


def test_a_connection_is_accepted_though_all_threads_are_busy_with_others(port: int) -> None:
    busy = [open_to(port) for _ in range(32)]
    until = time.monotonic() + 2

    def keep_busy(connection: http.client.HTTPConnection) -> None:
        while time.monotonic() < until:
            ask(connection)
        connection.close()

    with ThreadPoolExecutor(32) as threads:
        running = list(map(threads.submit, [keep_busy] * 32, busy))
        time.sleep(0.5)
        waited = []
        for _ in range(5):
            began = time.monotonic()
            ask_once(port)
            waited.append(time.monotonic() - began)
        for future in running:
            future.result()
    assert max(waited) < 1, waited


def test_a_slow_request_in_each_thread_but_one_stops_nobody(port: int) -> None:
    with ThreadPoolExecutor(8) as threads:
        slow = [threads.submit(ask_once, port, "1") for _ in range(3)]
        time.sleep(0.2)
        began = time.monotonic()
        for _ in range(10):
            ask_once(port)
        assert time.monotonic() - began < 0.8
        for future in slow:
            future.result()
