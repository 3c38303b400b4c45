"""gunicorn ends on TERM: it serves on, says that it will stop, and refuses nothing that it has accepted."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# Seconds: one that is waited for, and one that no test waits for.
DELAY, ENDLESS = 2, 600
_APP = """
from apps.core.health import draining
def application(environ, start_response):
    body = b"stopping" if draining.has_begun() else b"ok"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
_CONFIGURATION = """
from conf import drain
worker_class = "conf.gunicorn_worker.SharedPollWorker"
workers, threads, control_socket_disable, loglevel = 2, 2, True, "error"
def on_starting(server):
    drain.install(server, seconds={seconds})
"""


@pytest.fixture(params=[DELAY])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    (tmp_path / "small.py").write_text(_APP)
    (tmp_path / "configuration.py").write_text(_CONFIGURATION.format(seconds=request.param))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    options = [f"--config={tmp_path}/configuration.py", f"--bind=127.0.0.1:{port}", f"--pythonpath={tmp_path},."]
    with subprocess.Popen([sys.executable, "-m", "gunicorn", *options, "small"]) as process:
        try:
            deadline = time.monotonic() + 20
            while ask(port) is None:
                assert time.monotonic() < deadline, "gunicorn did not start"
                time.sleep(0.1)
            yield process, port
        finally:
            process.kill()


def ask(port: int) -> tuple[str, bool] | None:
    """Return the answer, and whether it closes its connection; None if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.read().decode(), answer.will_close
    except OSError:
        return None
    finally:
        connection.close()


def test_term_is_announced_and_everything_is_answered_until_the_end(
    server: tuple["subprocess.Popen[bytes]", int],
) -> None:
    process, port = server
    assert ask(port) == ("ok", False)
    process.terminate()
    began = time.monotonic()
    answers = []
    while time.monotonic() - began < DELAY - 0.5:
        answers.append(ask(port))
        time.sleep(0.02)
    assert None not in answers
    assert answers[-1] == ("stopping", True)
    assert process.wait(timeout=15) == 0
    assert time.monotonic() - began >= DELAY


@pytest.mark.parametrize("server", [ENDLESS], indirect=True)
def test_a_second_signal_ends_it_at_once(server: tuple["subprocess.Popen[bytes]", int]) -> None:
    process, port = server
    process.terminate()
    deadline = time.monotonic() + 20
    while ask(port) != ("stopping", True):
        assert time.monotonic() < deadline, "TERM had no effect"
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
