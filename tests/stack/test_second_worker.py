"""Another program is one entry of the table of programs, and a running stack takes it with the next `just up`."""

import socket

import pytest

from tests.harness.checkout import Checkout

NAME = "mail-worker"
ENTRY = f'    celery_worker("{NAME}", "--queues=mail", "--hostname=mail@%h"),\n'
BEFORE = '    celery_worker("worker"),\n'


@pytest.fixture(scope="module")
def stack_with_an_entry_more(stack: Checkout) -> Checkout:
    """Return the stack, to whose table the entry was added while it ran."""
    table = stack.path / "stack/programs/table.py"
    assert table.read_text().count(BEFORE) == 1
    table.write_text(table.read_text().replace(BEFORE, BEFORE + ENTRY))
    said = stack.just("up").stdout
    assert "the programs of the stack have changed" in said
    return stack


def test_it_is_started_and_shown(stack_with_an_entry_more: Checkout) -> None:
    said = stack_with_an_entry_more.just("status").stdout
    assert [line.split()[1] for line in said.splitlines() if line.startswith(NAME)] == ["running"]


def test_it_serves_its_queue(stack_with_an_entry_more: Checkout) -> None:
    said = stack_with_an_entry_more.just("celery", "inspect", "active_queues", "--json").stdout
    assert f"mail@{socket.gethostname()}" in said


def test_its_log_has_its_name(stack_with_an_entry_more: Checkout) -> None:
    assert "ready" in stack_with_an_entry_more.just("logs", NAME, "--no-follow").stdout


def test_it_is_stopped_and_started_by_its_name(stack_with_an_entry_more: Checkout) -> None:
    stack = stack_with_an_entry_more
    worker, before = stack.pid("worker"), stack.pid(NAME)
    stack.just("restart", NAME)
    assert stack.pid(NAME) != before
    assert stack.pid("worker") == worker
    stack.just("down", NAME)
    stopped = [line.split()[1] for line in stack.just("status", check=False).stdout.splitlines() if NAME in line]
    assert stopped[:1] == ["stopped"]


def test_a_stack_without_the_entry_again_runs_it_no_more(stack_with_an_entry_more: Checkout) -> None:
    stack = stack_with_an_entry_more
    table = stack.path / "stack/programs/table.py"
    table.write_text(table.read_text().replace(ENTRY, ""))
    stack.just("up")
    assert NAME not in stack.just("status").stdout
    assert not [process for process in stack.processes() if "--queues=mail" in process.cmdline()]
