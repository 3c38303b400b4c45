"""A DATABASE_URL or REDIS_URL of another project: it is named, and written to only when that is meant."""

from collections.abc import Callable

import pytest
import redis

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import runtime_of


@pytest.fixture(scope="module")
def database_url(stack: Checkout) -> str:
    """Return the database of another project, which is up and has tables."""
    return f"postgres://postgres:hunter2@/app?host={runtime_of(stack)}"


@pytest.fixture(scope="module")
def mine(make_checkout: Callable[..., Checkout]) -> Checkout:
    return make_checkout("mine")


@pytest.mark.parametrize(
    "words", [("up",), ("migrate",), ("seed", "--users", "1"), ("manage", "migrate"), ("restart",)]
)
def test_without_a_terminal_nothing_is_written_and_the_flag_is_named(
    stack: Checkout, mine: Checkout, database_url: str, words: tuple[str, ...]
) -> None:
    done = mine.just(*words, check=False, DATABASE_URL=database_url)

    assert done.returncode == 1
    assert f"the database app at {runtime_of(stack)}, which is not this checkout's own and holds 2" in done.stderr
    assert "just up --yes" in done.stderr
    assert "hunter2" not in done.stderr
    assert mine.processes() == []
    assert stack.just("psql", "-tAc", "SELECT count(*) FROM users_customuser").stdout.strip() == "0"


def test_in_a_terminal_it_asks_and_no_is_an_answer(mine: Checkout, database_url: str) -> None:
    (mine.path / ".env").write_text(f"DATABASE_URL={database_url}\n")
    with mine.start("up", terminal=True) as up:
        eventually(lambda: "Write into it? [y/N]" in up.text(), up.text)
        up.type(b"n\n")
        up.process.wait(60)
        assert "PROGRAM" not in up.text()
    (mine.path / ".env").unlink()
    assert mine.processes() == []


def test_a_redis_that_holds_something_is_asked_about_too(stack: Checkout, mine: Checkout) -> None:
    socket = runtime_of(stack) / "redis.sock"
    with redis.Redis(unix_socket_path=str(socket), db=1) as client:
        client.set("precious", "1")

    done = mine.just("up", check=False, REDIS_URL=f"unix://{socket}")

    assert done.returncode == 1
    assert f"the Redis at {socket}" in done.stderr
    assert "in its database 1" in done.stderr
    assert mine.processes() == []


def test_once_it_is_meant_nobody_asks_again(stack: Checkout, mine: Checkout, database_url: str) -> None:
    mine.just("migrate", "--yes", DATABASE_URL=database_url)

    mine.just("seed", "--users", "1", DATABASE_URL=database_url)

    assert stack.just("psql", "-tAc", "SELECT count(*) FROM users_customuser").stdout.strip() == "1"
