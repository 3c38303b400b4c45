"""The worker of gunicorn, with real processes: connections are shared out, and none waits for long."""

import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

PROCESSES = 2
_APP = """
import os, time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/ends":
        raise SystemExit(1)
    if environ["PATH_INFO"] == "/breaks":
        return broken(start_response)
    if environ["PATH_INFO"] == "/nothing":
        start_response("204 No Content", [])
        return []
    if environ["PATH_INFO"] == "/slowly":
        return slowly(start_response)
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Length", str(os.path.getsize(__file__)))])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    time.sleep(float(environ["QUERY_STRING"] or 0.005))
    start_response("200 OK", [("Content-Length", str(len(str(os.getpid()))))])
    return [str(os.getpid()).encode()]
def slowly(start_response):
    start_response("200 OK", [("Content-Length", "6")])
    yield b"one"
    time.sleep(1)
    yield b"two"
def broken(start_response):
    start_response("200 OK", [("Content-Length", "9")])
    yield b"begun"
    raise ValueError
"""
_REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def running(directory: Path, *options: str, processes: int = 1) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start a server with two threads in each process; give it and its port."""
    (directory / "sleepy.py").write_text(_APP)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number = found.getsockname()[1]
    given = ["--worker-class=conf.gunicorn_worker.SharedPollWorker", f"--workers={processes}", "--threads=2"]
    given += [f"--bind=127.0.0.1:{number}", f"--pythonpath={directory}", "--no-control-socket", "--log-level=error"]
    with subprocess.Popen([sys.executable, "-m", "gunicorn", *given, *options, "sleepy"]) as server:
        try:
            wait_for(number, processes)
            yield server, number
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running(tmp_path_factory.mktemp("app"), processes=PROCESSES) as (_, number):
        yield number


def wait_for(number: int, processes: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if len({ask_once(number) for _ in range(10)}) == processes:
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
        tasks = list(map(threads.submit, [keep_busy] * 32, busy))
        time.sleep(0.5)
        waited = []
        for _ in range(5):
            began = time.monotonic()
            ask_once(port)
            waited.append(time.monotonic() - began)
        for task in tasks:
            task.result()
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


def test_connections_that_say_nothing_stop_nobody(port: int) -> None:
    silent = [open_to(port) for _ in range(20)]
    began = time.monotonic()
    for _ in range(10):
        ask_once(port)
    assert time.monotonic() - began < 2
    assert {ask(connection) for connection in silent}
    for connection in silent:
        connection.close()


def test_requests_that_arrive_together_are_all_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(3 * _REQUEST)
        answered = b""
        while answered.count(b"200 OK") < 3:
            received = client.recv(4096)
            assert received, answered
            answered += received


@pytest.mark.parametrize(("method", "path", "status"), [("HEAD", "/", 200), ("GET", "/nothing", 204)])
def test_an_answer_without_a_body_does_not_wait_for_one(port: int, method: str, path: str, status: int) -> None:
    with closing(open_to(port)) as connection:
        for _ in range(2):
            connection.request(method, path)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (status, b"")


def test_what_an_answer_begins_with_is_sent_before_the_rest_is_there(port: int) -> None:
    with closing(open_to(port)) as connection:
        connection.request("GET", "/slowly")
        answer = connection.getresponse()
        began = time.monotonic()
        assert answer.read(3) == b"one"
        assert answer.read() == b"two"
        assert time.monotonic() - began > 0.5


def test_a_file_is_sent_after_its_head(port: int) -> None:
    with closing(open_to(port)) as connection:
        for _ in range(2):
            connection.request("GET", "/file")
            assert connection.getresponse().read().decode() == _APP


def test_an_idle_connection_is_closed_when_its_time_is_over(tmp_path: Path) -> None:
    with running(tmp_path, "--keep-alive=1") as (_, port), closing(open_to(port)) as connection:
        ask(connection)
        ask(connection)
        began = time.monotonic()
        assert connection.sock.recv(1) == b""
        assert time.monotonic() - began > 0.5
        assert ask_once(port)


def test_more_connections_than_allowed_wait_until_others_are_closed(tmp_path: Path) -> None:
    with running(tmp_path, "--worker-connections=4") as (_, port), ThreadPoolExecutor(1) as threads:
        first = [open_to(port) for _ in range(4)]
        for connection in first:
            connection.request("GET", "/?0.3")
        waiting = threads.submit(ask_once, port)
        for connection in first:
            connection.getresponse().read()
            connection.close()
        assert waiting.result(timeout=10)
        assert ask_once(port)


def test_no_more_connections_than_allowed_are_accepted(tmp_path: Path) -> None:
    with running(tmp_path, "--worker-connections=4") as (server, port):
        before = descriptors(server)
        clients = [open_to(port) for _ in range(40)]
        time.sleep(0.5)
        # Each thread may just have seen that there is room for one more.
        assert descriptors(server) - before <= 6
        for client in clients:
            client.close()
        assert ask_once(port)


def descriptors(server: "subprocess.Popen[bytes]") -> int:
    """Return how many file descriptors the only process of a server has open."""
    (process,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def test_a_process_without_file_descriptors_accepts_again_when_it_has_some(tmp_path: Path) -> None:
    with running(tmp_path) as (server, port):
        (process,) = map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
        limit = descriptors(server) + 10
        resource.prlimit(process, resource.RLIMIT_NOFILE, (limit, limit))
        clients = [open_to(port) for _ in range(40)]
        time.sleep(0.5)
        began = cpu_seconds(process)
        time.sleep(0.5)
        assert cpu_seconds(process) - began < 0.1
        for client in clients:
            client.close()
        assert int(ask_once(port)) == process


def cpu_seconds(process: int) -> float:
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("path", ["/breaks", "/ends"])
def test_an_answer_that_fails_half_way_ends_no_thread(tmp_path: Path, path: str) -> None:
    with running(tmp_path) as (_, port):
        process = ask_once(port)
        for _ in range(4):
            with closing(open_to(port)) as connection:
                connection.request("GET", path)
                with pytest.raises((http.client.HTTPException, OSError)):
                    connection.getresponse().read()
        assert {ask_once(port) for _ in range(4)} == {process}


def test_clients_that_send_many_requests_at_once_stop_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as (_, port):
        greedy = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(2)]
        for client in greedy:
            client.sendall(200 * _REQUEST)
        time.sleep(0.1)
        began = time.monotonic()
        ask_once(port)
        # Two threads take half a second for what was sent.
        assert time.monotonic() - began < 0.3
        for client in greedy:
            client.close()


def test_term_answers_what_is_under_way_and_closes_what_is_idle(tmp_path: Path) -> None:
    with running(tmp_path, "--keep-alive=60") as (server, port), ThreadPoolExecutor(1) as threads:
        idle = open_to(port)
        ask(idle)
        slow = threads.submit(ask_once, port, "1")
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        assert slow.result(timeout=10)
        assert idle.sock.recv(1) == b""
        idle.close()
        assert server.wait(timeout=10) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_it_stops_at_once_though_its_threads_wait_for_clients(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "--keep-alive=60") as (server, port):
        idle = open_to(port)
        ask(idle)
        server.send_signal(number)
        assert server.wait(timeout=10) == 0
        idle.close()


def test_a_process_is_replaced_after_its_number_of_requests_and_no_request_fails(tmp_path: Path) -> None:
    with running(tmp_path, "--max-requests=10") as (_, port):
        assert len({ask_once(port) for _ in range(50)}) > 2
