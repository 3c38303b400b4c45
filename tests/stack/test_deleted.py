"""What the stack stands on is deleted or left over: the next `just up` or `just down` sorts it out."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import VICTIMS, assert_well, kill, runtime_of


@pytest.fixture(autouse=True)
def _runs(stack: Checkout) -> None:
    stack.just("up")


@pytest.fixture
def bystander() -> Iterator[psutil.Process]:
    """Return a process that has nothing to do with the stack."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield psutil.Process(process.pid)
        process.kill()


def leave_a_row(stack: Checkout) -> None:
    stack.just("psql", "-qc", "CREATE TABLE IF NOT EXISTS kept (number int)", "-c", "INSERT INTO kept VALUES (1842)")


def has_the_row(stack: Checkout) -> bool:
    return "1842" in stack.just("psql", "-tAc", "SELECT number FROM kept").stdout


def test_sockets_deleted_while_running(stack: Checkout) -> None:
    leave_a_row(stack)
    shutil.rmtree(runtime_of(stack))

    stack.just("up")

    assert_well(stack)
    assert has_the_row(stack)


@pytest.mark.parametrize("name", ["redis.sock", ".s.PGSQL.5432"])
def test_one_socket_deleted_while_running(stack: Checkout, name: str) -> None:
    (runtime_of(stack) / name).unlink()

    stack.just("up")

    assert_well(stack)


def test_down_stops_a_stack_whose_sockets_were_deleted(stack: Checkout) -> None:
    shutil.rmtree(runtime_of(stack))

    stack.just("down")

    assert stack.processes() == []
    assert not runtime_of(stack).exists()


def test_sockets_deleted_while_down_after_a_crash(stack: Checkout) -> None:
    leave_a_row(stack)
    kill(stack, *VICTIMS)
    shutil.rmtree(runtime_of(stack))

    stack.just("up")

    assert_well(stack)
    assert has_the_row(stack)


def test_pids_in_stale_files_that_are_another_program_s_by_now(stack: Checkout, bystander: psutil.Process) -> None:
    leave_a_row(stack)
    lock = runtime_of(stack) / ".s.PGSQL.5432.lock"
    stale = {path: path.read_text().splitlines() for path in (stack.state / "postgres/postmaster.pid", lock)}
    kill(stack, *VICTIMS)
    eventually(lambda: not stack.processes(), "the end of all")
    runtime_of(stack).mkdir(mode=0o700, exist_ok=True)
    for path, lines in stale.items():
        path.write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
    (stack.state / "supervisord.pid").write_text(f"{bystander.pid}\n")

    stack.just("up")

    assert_well(stack)
    assert has_the_row(stack)
    stack.just("down")
    assert bystander.status() == psutil.STATUS_SLEEPING


def test_state_deleted_while_running(stack: Checkout) -> None:
    before = stack.processes()
    shutil.rmtree(stack.state)

    stack.just("up")

    assert_well(stack)
    assert not {process.pid for process in before} & {process.pid for process in stack.processes()}


def test_state_and_sockets_deleted_while_running(stack: Checkout) -> None:
    shutil.rmtree(stack.state)
    shutil.rmtree(runtime_of(stack))

    stack.just("up")

    assert_well(stack)


def test_the_cluster_deleted_while_running(stack: Checkout) -> None:
    shutil.rmtree(stack.state / "postgres")

    stack.just("up")

    assert_well(stack)


def test_state_deleted_while_down(stack: Checkout) -> None:
    stack.just("down")
    shutil.rmtree(stack.state)

    stack.just("up")

    assert_well(stack)


def test_initdb_killed_half_way(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()
    with checkout.start("up") as up:
        eventually(lambda: list(checkout.state.glob("postgres.new.*/base")), "a cluster half made", seconds=60)
        os.killpg(up.process.pid, signal.SIGKILL)
    assert not (checkout.state / "postgres").exists()

    checkout.just("up")

    assert_well(checkout)
    assert list(checkout.state.glob("postgres.new.*")) == []
