"""What `just up` and `just down` promise."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from tests.harness.checkout import Checkout, eventually

pytestmark = pytest.mark.long

PROGRAMS = ("postgres", "redis", "web", "worker", "beat", "reload")


def test_up_returns_when_every_component_is_healthy(stack: Checkout) -> None:
    response = requests.get(f"{stack.url}/healthz", timeout=30)

    assert response.status_code == 200
    assert set(response.json()["components"]) >= {"postgres", "redis", "worker", "beat"}
    assert all(component["ok"] for component in response.json()["components"].values())


def test_the_server_reads_bodies_in_chunks_and_refuses_in_the_envelope(stack: Checkout) -> None:
    body = iter([b'{"token"', b": 1}"])
    read = requests.post(
        f"{stack.url}/api/v1/auth/verify/", data=body, headers={"Content-Type": "application/json"}, timeout=30
    )
    assert (read.status_code, read.json()["errors"][0]["code"]) == (400, "invalid")
    refused = requests.get(f"{stack.url}/api/v1/core/ping/?x={'9' * 9000}", timeout=30)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (414, "uri_too_long")


def test_every_program_is_on_record_for_systems_that_hide_environments(stack: Checkout) -> None:
    recorded = {path.stem: json.loads(path.read_text())["pid"] for path in (stack.state / "pids").iterdir()}

    assert recorded.pop("supervisor") == psutil.Process(recorded["web"]).ppid()
    assert recorded == {program: stack.pid(program) for program in PROGRAMS}


def test_a_second_up_says_what_already_runs_and_changes_nothing(stack: Checkout) -> None:
    before = {process.pid for process in stack.processes()}

    said = stack.just("up").stdout

    assert "already up" in said
    assert all(program in said for program in PROGRAMS)
    assert before <= {process.pid for process in stack.processes()}


def test_up_writes_a_private_env_file_with_a_secret_of_its_own(stack: Checkout) -> None:
    env = stack.path / ".env"

    assert env.stat().st_mode & 0o777 == 0o600
    secret = re.search(r"^SECRET_KEY=(\S{50,})$", env.read_text(), re.MULTILINE)
    assert secret
    assert secret[1] not in (stack.path / ".env.example").read_text()


def test_the_servers_listen_on_no_port(stack: Checkout) -> None:
    for program in ("postgres", "redis"):
        listening = [
            connection
            for process in stack.processes()
            if program in process.name() or (program == "redis" and process.name().startswith("valkey"))
            for connection in process.net_connections("tcp")
        ]
        assert listening == []


def test_logs_show_the_history_and_follow(stack: Checkout) -> None:
    with stack.start("logs", "backend") as following:
        eventually(lambda: "gunicorn" in following.text(), "the history")
        marker = "a-request-that-comes-later"
        requests.get(f"{stack.url}/api/v1/core/ping/", headers={"X-Request-ID": marker}, timeout=30)
        eventually(lambda: marker in following.text(), "the line of a later request")


def test_a_name_that_no_program_has_is_an_error_that_lists_the_names(stack: Checkout) -> None:
    done = stack.just("logs", "nginx", check=False)

    assert done.returncode == 1
    assert "backend, postgres, redis, web, worker, beat" in done.stderr


def test_status_says_what_runs_where(stack: Checkout) -> None:
    said = stack.just("status").stdout

    assert all(re.search(rf"^{program} +running", said, re.MULTILINE) for program in PROGRAMS)
    assert "/redis.sock" in said


def test_psql_and_the_redis_client_reach_the_servers(stack: Checkout) -> None:
    assert "(1 row)" in stack.just("psql", "-c", "SELECT 1").stdout
    assert stack.just("redis-cli", "PING").stdout.strip() == "PONG"


def test_restart_of_one_program_leaves_the_others_alone(stack: Checkout) -> None:
    before = {program: stack.pid(program) for program in PROGRAMS}

    stack.just("restart", "worker")

    after = {program: stack.pid(program) for program in PROGRAMS}
    assert after["worker"] != before["worker"]
    assert {p: pid for p, pid in after.items() if p != "worker"} == {
        p: pid for p, pid in before.items() if p != "worker"
    }


def test_down_of_one_program_leaves_the_others_alone_and_up_brings_it_back(stack: Checkout) -> None:
    before = {program: stack.pid(program) for program in PROGRAMS}

    stack.just("down", "beat")
    stopped = stack.just("status", check=False)
    stack.just("up")

    assert re.search(r"^beat +stopped", stopped.stdout, re.MULTILINE)
    after = {program: stack.pid(program) for program in PROGRAMS}
    assert {program for program in PROGRAMS if after[program] != before[program]} == {"beat"}


def test_saving_code_reloads_web_worker_and_beat(stack: Checkout) -> None:
    before = {program: stack.pid(program) for program in ("worker", "beat")}
    urls = stack.path / "conf" / "urls.py"

    urls.write_text(
        urls.read_text()
        + '\n\nurlpatterns += [path("saved/", lambda request: __import__("django.http").http.HttpResponse("saved"))]\n'
    )

    eventually(lambda: requests.get(f"{stack.url}/saved/", timeout=30).text == "saved", "the new route")
    eventually(lambda: all(stack.pid(p) != pid for p, pid in before.items()), "new worker and beat")
    eventually(lambda: stack.health()["status"] == "ok", "health after the reload")


def test_down_leaves_no_process_and_up_brings_the_data_back(make_started: Callable[..., Checkout]) -> None:
    checkout = make_started()
    checkout.just("up")
    checkout.just("seed", "--users", "3")
    assert checkout.processes()
    runtime = Path(checkout.just("status").stdout.split("/redis.sock")[0].split()[-1])
    assert runtime.is_dir()

    checkout.just("down")

    assert checkout.processes() == []
    assert not runtime.exists()
    checkout.just("up")
    assert checkout.just("psql", "-tAc", "SELECT count(*) FROM users_customuser").stdout.strip() == "3"


def test_nothing_is_written_outside_the_checkout_but_its_sockets(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()

    checkout.just("up")
    checkout.just("down")

    assert [path for path in checkout.home.rglob("*") if path.is_file()] == []


def test_up_refuses_a_pinned_port_that_is_taken_and_names_its_holder(
    stack: Checkout, make_started: Callable[..., Checkout]
) -> None:
    other = make_started()
    taken = (stack.state / "port").read_text()

    done = other.just("up", check=False, PORT=taken)

    assert done.returncode == 1
    assert f"port {taken} (PORT) is taken by" in done.stderr
    assert str(os.getpid()) not in done.stderr
    assert "pid" in done.stderr
