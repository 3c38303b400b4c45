"""The main job from end to end: accounts, a login, background work, and the logs that tell of it."""

import re
from typing import Any

import pytest
import requests

from tests.harness.checkout import Checkout, eventually


@pytest.fixture(scope="module")
def passwords(stack: Checkout) -> dict[str, str]:
    """Return email and password of two seeded users."""
    said = stack.just("seed", "--users", "2").stdout
    password = re.search(r"password of these 2: (\S+)", said)
    assert password
    return dict.fromkeys(re.findall(r"\S+@\S+", said), password[1])


def login(stack: Checkout, email: str, password: str) -> dict[str, str]:
    answer = requests.post(f"{stack.url}/api/v1/auth/login/", json={"email": email, "password": password}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"expiry", "token", "user"}
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_a_task_runs_and_its_owner_alone_can_read_the_result(stack: Checkout, passwords: dict[str, str]) -> None:
    (owner, other) = [login(stack, email, password) for email, password in list(passwords.items())[:2]]
    assert requests.get(f"{stack.url}/api/v1/auth/profile/", headers=owner, timeout=30).status_code == 200

    fired = requests.post(
        f"{stack.url}/api/v1/core/fire-task/", headers=owner | {"X-Request-ID": "from-the-test"}, timeout=30
    )

    assert fired.status_code == 202
    task = f"{stack.url}/api/v1/tasks/{fired.json()['id']}/"

    def result() -> dict[str, Any]:
        return requests.get(task, headers=owner, timeout=30).json()

    eventually(lambda: result()["state"] == "SUCCESS", "the task's success")
    assert result()["result"]
    assert requests.get(task, headers=other, timeout=30).status_code == 404
    lines = [line for line in stack.log_lines("worker") if line.get("request_id") == "from-the-test"]
    assert lines, "the worker's lines carry the id of the request that started the task"
    assert stack.log_lines("backend")[-1]["request_id"]
