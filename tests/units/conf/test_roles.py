"""What a container runs, and what its probes answer."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from checkout import paths
from conf import roles


def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "conf.roles", *words]
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)


def test_without_a_role_it_says_which_there_are() -> None:
    shown = run("help")
    assert (shown.returncode, shown.stderr) == (0, "")
    for name in ("web", "worker", "beat", "migrate", "manage", "health"):
        assert f"  {name} " in shown.stdout
    refused = run("wob")
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", shown.stdout)


def test_a_role_becomes_its_program_with_its_arguments() -> None:
    assert "migration_name" in run("migrate", "--help", ENVIRONMENT="development").stdout
    assert "spectacular" in run("manage", "help", "--commands", ENVIRONMENT="development").stdout


def test_a_worker_hands_back_on_term_and_takes_as_many_processes_as_it_is_told() -> None:
    worker = roles.role("worker", [])
    assert worker
    assert worker.variables["REMAP_SIGTERM"] == "SIGQUIT"
    assert worker.command[-2:] == ("-c", "2")
    told = roles.role("worker", ["--concurrency=8"])
    assert told
    assert "-c" not in told.command


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_program_without_a_port_is_well_while_it_shows_signs_of_life(name: str, tmp_path: Path) -> None:
    file = tmp_path / "alive"
    never = run("health", name, HEALTH_FILE=str(file))
    assert (never.returncode, f"{name} is not well" in never.stderr) == (1, True)
    file.touch()
    assert run("health", name, HEALTH_FILE=str(file)).returncode == 0
    long_ago = time.time() - 61
    os.utime(file, (long_ago, long_ago))
    silent = run("health", name, HEALTH_FILE=str(file))
    assert (silent.returncode, "no sign of life for 60 s" in silent.stderr) == (1, True)


def test_web_is_well_while_it_answers() -> None:
    class Answer(BaseHTTPRequestHandler):
        status = 200

        def do_GET(self) -> None:
            self.send_response(self.status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_port)
        assert run("health", "web", PORT=port).returncode == 0
        Answer.status = 500
        assert run("health", "web", PORT=port).returncode == 1
        server.shutdown()
    gone = run("health", "web", PORT=port)
    assert (gone.returncode, "refused" in gone.stderr) == (1, True)


def test_a_health_of_nothing_is_refused() -> None:
    refused = run("health", "migrate")
    assert (refused.returncode, "web, worker, beat" in refused.stderr) == (2, True)
