"""dump, restore and reset: what they replace is kept, and what is not of this machine is left alone."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.harness.checkout import Checkout
from tests.harness.faults import assert_well

# A name that no server of ours has: another machine, as far as anybody can tell from the URL.
ELSEWHERE = "127.0.0.2"


def users(stack: Checkout) -> int:
    return int(stack.just("psql", "-tAc", "SELECT count(*) FROM users_customuser").stdout)


@pytest.fixture(scope="module")
def five(stack: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dump of the database, which has five users, and keeps them at the end of each test."""
    path = tmp_path_factory.mktemp("dumps") / "five.dump"
    stack.just("seed", "--users", "5")
    stack.just("dump", str(path))
    return path


def test_a_reset_empties_and_keeps_and_a_restore_brings_back(stack: Checkout, five: Path) -> None:
    stack.just("redis-cli", "LPUSH", "somewhere", "a-task")

    said = stack.just("reset", "--yes").stdout

    assert users(stack) == 0
    assert stack.just("redis-cli", "EXISTS", "somewhere").stdout.strip() == "0"
    assert_well(stack)
    [dump, queue] = (Path(path) for path in re.findall(r"kept in (\S+)", said))
    assert dump.stat().st_mode & 0o777 == 0o600
    assert any(b"a-task" in path.read_bytes() for path in queue.rglob("*.aof"))
    stack.just("restore", str(dump), "--yes")
    assert users(stack) == 5
    assert_well(stack)


def test_a_dump_without_a_name_is_dated(stack: Checkout) -> None:
    assert re.search(r"/backups/\d{4}-\d\d-\d\d-\d{6}-app\.dump", stack.just("dump").stdout)


def test_a_file_that_is_there_is_not_overwritten(stack: Checkout, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")

    done = stack.just("dump", str(tmp_path / "mine"), check=False)

    assert done.returncode != 0
    assert "was left as it is" in done.stderr
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("content", [None, "no dump at all"])
def test_a_file_that_is_no_dump_replaces_nothing(
    stack: Checkout, five: Path, tmp_path: Path, content: str | None
) -> None:
    if content:
        (tmp_path / "file").write_text(content)

    done = stack.just("restore", str(tmp_path / "file"), "--yes", check=False)

    assert done.returncode != 0
    assert users(stack) == 5


def test_a_dump_that_breaks_off_replaces_nothing(stack: Checkout, five: Path, tmp_path: Path) -> None:
    (tmp_path / "half").write_bytes(five.read_bytes()[:-8000])

    done = stack.just("restore", str(tmp_path / "half"), "--yes", check=False)

    assert done.returncode != 0
    assert users(stack) == 5
    assert_well(stack)


@pytest.mark.parametrize("recipe", ["reset", "restore"])
def test_without_an_answer_nothing_is_replaced(stack: Checkout, five: Path, recipe: str) -> None:
    done = stack.just(recipe, *([str(five)] if recipe == "restore" else []), check=False)

    assert done.returncode != 0
    assert "nothing was changed" in done.stderr
    assert "--yes" in done.stderr
    assert users(stack) == 5


@pytest.fixture(scope="module")
def remote(make_checkout: Callable[..., Checkout]) -> Iterator[tuple[Checkout, str]]:
    """Return a stack whose Postgres is reached at the address of another machine, and its URL."""
    far = make_checkout("far")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (far.path / ".env").write_text(f"ENVIRONMENT=development\nSECRET_KEY={'x' * 50}\nPOSTGRES_PORT={port}\n")
    far.just("up")
    far.just("seed", "--users", "4")
    with socket.create_server((ELSEWHERE, 0)) as server:
        forwarding = threading.Thread(target=_forward, args=(server, port), daemon=True)
        forwarding.start()
        password = (far.state / "postgres.password").read_text()
        yield far, f"postgres://postgres:{password}@{ELSEWHERE}:{server.getsockname()[1]}/app"
        server.shutdown(socket.SHUT_RDWR)
        forwarding.join()


def _forward(server: socket.socket, port: int) -> None:
    while True:
        try:
            near, _ = server.accept()
        except OSError:  # it was shut down
            return
        far = socket.create_connection(("127.0.0.1", port))
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError), closing(other):
        while data := one.recv(65536):
            other.sendall(data)


@pytest.mark.parametrize(
    "words",
    [("reset", "--yes"), ("restore", "DUMP", "--yes"), ("seed", "--clean"), ("test", "-q", "apps/users")],
    ids=lambda words: words[0],
)
def test_rows_of_another_machine_are_out_of_reach(
    stack: Checkout, remote: tuple[Checkout, str], five: Path, words: tuple[str, ...]
) -> None:
    far, url = remote
    assert stack.just("psql", "-tAc", "SELECT count(*) FROM users_customuser", DATABASE_URL=url).stdout.strip() == "4"
    words = tuple(str(five) if word == "DUMP" else word for word in words)

    done = stack.just(*words, check=False, DATABASE_URL=url)

    assert done.returncode != 0
    assert "DATABASE_URL" in done.stderr + done.stdout
    assert users(far) == 4
    names = far.just("psql", "-tAc", "SELECT datname FROM pg_database ORDER BY 1").stdout.split()
    assert names == ["app", "postgres", "template0", "template1"]


def test_a_database_of_another_machine_can_be_dumped(
    stack: Checkout, remote: tuple[Checkout, str], tmp_path: Path
) -> None:
    stack.just("dump", str(tmp_path / "far.dump"), DATABASE_URL=remote[1])

    stack.just("restore", str(tmp_path / "far.dump"), "--yes")

    assert users(stack) == 4
