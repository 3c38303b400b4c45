"""`just doctor` names each problem with what to do, and says by its status whether there is one."""

import shutil
import socket
from typing import Any

from tests.harness.checkout import Checkout
from tests.harness.faults import runtime_of


def diagnosis(stack: Checkout, **variables: Any) -> list[str]:
    """Return the lines of what is wrong; the status must agree."""
    done = stack.just("doctor", check=False, **variables)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("  WRONG")]
    assert done.returncode == (1 if wrong else 0), done.stdout + done.stderr
    return wrong


def test_a_stack_that_runs_is_well(stack: Checkout) -> None:
    assert diagnosis(stack) == []


def test_it_says_what_runs_from_where(stack: Checkout) -> None:
    said = stack.just("doctor").stdout

    assert all(word in said for word in ("Python 3", "uv ", "just ", "PostgreSQL", " GB free"))
    assert str(runtime_of(stack)) in said


def test_sockets_that_were_deleted(stack: Checkout) -> None:
    shutil.rmtree(runtime_of(stack))

    [wrong] = diagnosis(stack)

    assert "processes" in wrong
    assert "just up" in wrong


def test_what_is_wrong_with_a_stack_that_is_down(stack: Checkout) -> None:
    stack.just("down")
    assert diagnosis(stack) == []
    (stack.state / "postgres.new.abandoned").mkdir()
    (stack.state / "redis.stamp").write_text('{"host": "laptop", "boot": "another", "namespace": "", "since": "?"}')
    (stack.state / "postgres/PG_VERSION").write_text("17\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wrong = "\n".join(diagnosis(stack, PORT=str(taken.getsockname()[1])))

    assert "postgres.new.abandoned" in wrong
    assert "laptop" in wrong
    assert "made by Postgres 17" in wrong
    assert "is taken by" in wrong
    assert wrong.count("WRONG") == 4


def test_settings_that_cannot_be_read(stack: Checkout) -> None:
    (stack.path / ".env").write_text("hunter2\n")

    [wrong] = diagnosis(stack)

    assert "line 1" in wrong
    assert "hunter2" not in wrong
