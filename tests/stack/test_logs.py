"""From a request's id to everything that happened, and from everything that happened to no secret."""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from tests.harness.checkout import Checkout, eventually

METRICS_TOKEN = "the-metrics-are-for-prometheus"
PASSWORD = "engine-no-1842-of-the-test"
USERS = 50
REQUESTS = 10_000
PROFILE = "/api/v1/auth/profile/"


@pytest.fixture(scope="module")
def stack(make_started: Any) -> Checkout:
    """Two processes of the API, so that what they write and count has to be put together."""
    checkout = make_started()
    checkout.just("up", WEB_CONCURRENCY="2", METRICS_TOKEN=METRICS_TOKEN)
    return checkout


@pytest.fixture(scope="module")
def tokens(stack: Checkout) -> dict[int, str]:
    """Return tokens by their users' ids."""
    code = (
        "from apps.users.models import AuthToken, CustomUser;"
        f"users = [CustomUser.objects.create(email=f'user{{n}}@example.com') for n in range({USERS})];"
        f"users[0].set_password('{PASSWORD}'); users[0].save();"
        "print(*(f'{user.pk}={AuthToken.objects.create(user=user)[1]}' for user in users))"
    )
    said = stack.just("manage", "shell", "-v0", "-c", code).stdout
    return {int(user): token for user, token in re.findall(r"(\d+)=(\w+)", said)}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def stored(stack: Checkout) -> list[dict[str, Any]]:
    """Return all lines of the API, the rotated ones included."""
    files = sorted((stack.state / "log").glob("backend.log*"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def counted(stack: Checkout, name: str, **labels: str) -> float:
    """Return the sum of the samples that have this name and these labels."""
    text = requests.get(f"{stack.url}/metrics", headers=bearer(METRICS_TOKEN), timeout=30).text
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    samples = [line for line in text.splitlines() if re.match(rf"{name}[{{ ]", line)]
    return sum(float(line.split()[-1]) for line in samples if all(label in line for label in wanted))


def test_a_request_and_its_task_are_found_by_the_id_of_the_answer(stack: Checkout, tokens: dict[int, str]) -> None:
    fired = requests.post(
        f"{stack.url}/api/v1/core/fire-task/", headers=bearer(next(iter(tokens.values()))), timeout=30
    )
    request_id = fired.headers["X-Request-ID"]

    def shown() -> list[str]:
        return stack.just("logs", "--request", request_id, check=False).stdout.splitlines()

    eventually(lambda: any("state=" in line for line in shown()), "the line of the task's end")
    lines = shown()
    [access] = [number for number, line in enumerate(lines) if " 202 POST " in line]
    assert lines[access].startswith("backend")
    assert re.search(r"queries=[1-9].* query_ms=\d", lines[access + 1])
    assert [line.split()[0] for line in lines if line.startswith("worker")] == ["worker"] * 3
    assert "task started" in lines[-3]
    assert "Measured how long a task waits" in lines[-2]
    assert "state=SUCCESS" in lines[-1]
    times = [re.findall(r"\d\d:\d\d:\d\d\.\d{3}", line)[0] for line in lines if not line.startswith(" ")]
    assert times == sorted(times)


def test_an_id_that_nobody_had_is_said_to_be_unknown(stack: Checkout) -> None:
    done = stack.just("logs", "--request", "no-such-request", check=False)
    assert done.returncode == 1
    assert "no-such-request" in done.stderr


def test_of_ten_thousand_requests_each_has_one_line_with_its_own_user(stack: Checkout, tokens: dict[int, str]) -> None:
    before = counted(stack, "http_request_duration_seconds_count", route=PROFILE.strip("/") + "/")
    sent = {f"load-{uuid4().hex}": random.choice([*tokens, None]) for _ in range(REQUESTS)}  # noqa: S311

    def send(some: list[tuple[str, int | None]]) -> None:
        place = urlsplit(stack.url)
        connection = HTTPConnection(str(place.hostname), place.port, timeout=60)
        for request_id, user in some:
            headers = {"X-Request-ID": request_id} | (bearer(tokens[user]) if user else {})
            connection.request("GET", PROFILE, headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (200 if user else 401)
            assert answer.headers["X-Request-ID"] == request_id
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        every = list(sent.items())
        list(pool.map(send, [every[first::16] for first in range(16)]))

    lines = [line for line in stored(stack) if line["event"] == "request" and line["request_id"] in sent]
    assert len(lines) == REQUESTS
    assert {line["request_id"]: line["user_id"] for line in lines} == sent
    after = counted(stack, "http_request_duration_seconds_count", route=PROFILE.strip("/") + "/")
    assert after - before == REQUESTS


def test_the_metrics_tell_of_tasks_logins_and_queues(stack: Checkout, tokens: dict[int, str]) -> None:
    requests.post(f"{stack.url}/api/v1/core/fire-task/", headers=bearer(next(iter(tokens.values()))), timeout=30)
    wrong = {"email": "user1@example.com", "password": PASSWORD}
    requests.post(f"{stack.url}/api/v1/auth/login/", json=wrong, timeout=30)

    measured = {"task": "apps.core.tasks.measure_wait", "state": "SUCCESS"}
    eventually(lambda: counted(stack, "celery_task_duration_seconds_count", **measured) >= 1, "the task is counted")
    assert counted(stack, "login_failures_total") >= 1
    assert counted(stack, "http_request_queries_total", route="api/v1/core/fire-task/") >= 1
    assert counted(stack, "celery_queue_length", queue="default") == 0
    assert requests.get(f"{stack.url}/metrics", timeout=30).status_code == 401


def test_no_file_holds_a_secret_and_all_lines_are_json(stack: Checkout, tokens: dict[int, str]) -> None:
    credentials = {"email": "user0@example.com", "password": PASSWORD}
    login = requests.post(f"{stack.url}/api/v1/auth/login/", json=credentials, timeout=30).json()
    requests.post(f"{stack.url}/api/v1/auth/login/?token={login['token']}", json=credentials, timeout=30)
    requests.post(f"{stack.url}/api/v1/auth/logout/", headers=bearer(login["token"]), timeout=30)
    requests.get(f"{stack.url}{PROFILE}", headers=bearer(login["token"]), timeout=30)
    # A row that fails: Postgres must tell neither the statement nor the row.
    row = f"INSERT INTO users_customuser (email, password) VALUES ('x', '{PASSWORD}')"  # noqa: S608
    assert "not-null" in stack.just("psql", "-c", row, check=False).stderr
    secret_key = re.findall(r"SECRET_KEY=(\S+)", (stack.path / ".env").read_text())[0]

    files = [file for file in (stack.state / "log").iterdir() if file.is_file()]
    assert {"backend.log", "worker.log", "beat.log", "postgres.log", "redis.log"} <= {file.name for file in files}
    for file in files:
        text = file.read_text()
        for secret in (PASSWORD, login["token"], secret_key, METRICS_TOKEN, *tokens.values()):
            assert secret not in text, f"{secret} in {file.name}"
    for name in ("backend", "worker", "beat", "reload"):
        for line in stack.log(name).splitlines():
            assert isinstance(json.loads(line), dict), f"{name}: {line}"


def test_security_lines_tell_of_logins_refusals_and_sessions_that_end(stack: Checkout, tokens: dict[int, str]) -> None:
    credentials = {"email": "user0@example.com", "password": PASSWORD}
    token = requests.post(f"{stack.url}/api/v1/auth/login/", json=credentials, timeout=30).json()["token"]
    requests.post(f"{stack.url}/api/v1/auth/login/", json=credentials | {"password": "wrong"}, timeout=30)
    requests.get(f"{stack.url}/api/v1/auth/create/", headers=bearer(token), timeout=30)
    requests.post(f"{stack.url}/api/v1/auth/logout/", headers=bearer(token), timeout=30)
    said = {line["event"] for line in stored(stack) if line["logger"].startswith("django.security.")}
    assert {"Logged in", "Login failed", "Permission denied", "Token revoked"} <= said


def test_logs_of_several_programs_come_in_order_of_time(stack: Checkout) -> None:
    said = stack.just("logs", "--no-follow", "--raw", "backend", "worker", "beat").stdout
    times = re.findall(r'"timestamp":"([^"]+)"', said)
    assert len(times) > 10
    assert times == sorted(times)


def test_status_goes_on_until_it_is_interrupted(stack: Checkout) -> None:
    with stack.start("status", "--watch", terminal=True) as watching:
        eventually(lambda: watching.text().count("queues: ") >= 2, "two rounds")
        watching.type(b"\x03")
        watching.process.wait(20)
        assert re.search(r"worker +running +\d+ +\d+ MB +\d+ %", watching.text())
