"""Which processes are ours, and how they are ended."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from checkout import paths
from stack.processes import discovery

Start = Callable[..., psutil.Process]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts a process with variables in its environment."""
    started = []

    def start(script: str = "exec sleep 60", cwd: Path | None = None, **variables: str) -> psutil.Process:
        command = ["sh", "-c", script]
        process = subprocess.Popen(command, cwd=cwd, env=os.environ | variables, stdout=subprocess.PIPE)
        started.append(process)
        found = psutil.Process(process.pid)
        # Until it has become sleep, there is a moment in which it has no environment.
        while script.startswith("exec") and found.cmdline()[:1] != ["sleep"]:
            time.sleep(0.001)
        return found

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_process_with_the_mark_is_ours_and_no_other(start: Start) -> None:
    ours = start(**discovery.mark())
    start()
    start(**discovery.mark() | {"STACK_STATE": "/elsewhere/.state"})
    start(**discovery.mark() | {"STACK_PLACE": "pid:[another container]"})

    assert discovery.processes() == [ours]


def test_processes_of_one_program(start: Start) -> None:
    start(**discovery.mark(), SUPERVISOR_PROCESS_NAME="web")
    worker = start(**discovery.mark(), SUPERVISOR_PROCESS_NAME="worker")

    assert discovery.processes("worker") == [worker]
    assert discovery.is_program(worker.pid, "worker")
    assert not discovery.is_program(worker.pid, "web")


def test_one_that_runs_below_ours_does_not_find_itself(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    ours = start(**discovery.mark())
    monkeypatch.setattr(os, "getpid", lambda: ours.pid)

    assert discovery.processes() == []


@pytest.fixture
def state() -> Path:
    paths.STATE.mkdir()
    return paths.STATE


def test_the_processes_of_a_checkout_stay_its_own_when_it_is_moved(
    state: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = start(**discovery.mark())
    monkeypatch.setattr(paths, "STATE", state.rename(state.with_name("moved")))

    assert discovery.processes() == [ours]


def test_the_processes_of_a_state_that_was_deleted_stay_ours(state: Path, start: Start) -> None:
    ours = start("exec sleep 60", state, **discovery.mark())
    occupy(state.with_name("deleted"), state)
    shutil.rmtree(state.with_name("deleted"))

    assert discovery.processes() == [ours]


@pytest.mark.parametrize("works_in", [".", "postgres"])
def test_a_checkout_in_the_place_of_one_that_was_moved_does_not_own_its_processes(
    state: Path, start: Start, works_in: str
) -> None:
    (state / "postgres").mkdir()
    start("exec sleep 60", state / works_in, **discovery.mark())
    occupy(state.with_name("moved"), state)

    assert discovery.processes() == []


def occupy(moved_to: Path, state: Path) -> None:
    """Move the state away and put a new one in its place, as a new clone there does."""
    state.rename(moved_to)
    state.mkdir()


def test_orphans_are_those_that_the_supervisor_does_not_lead(start: Start) -> None:
    orphan = start(**discovery.mark())

    assert discovery.orphans(supervisor=orphan.pid) == []
    assert discovery.orphans(supervisor=os.getpid()) == []
    assert discovery.orphans(supervisor=1 << 22) == [orphan]


@pytest.mark.stack
def test_what_does_not_end_is_killed(start: Start) -> None:
    stubborn = start(
        "trap '' TERM INT QUIT; echo; while :; do sleep 1; done", **discovery.mark(), SUPERVISOR_PROCESS_NAME="web"
    )

    discovery.end(discovery.processes(), {})

    assert not discovery.is_alive(stubborn)


def test_a_zombie_counts_as_dead(start: Start) -> None:
    process = start(**discovery.mark())
    process.send_signal(signal.SIGKILL)
    while process.status() != psutil.STATUS_ZOMBIE:
        pass

    assert not discovery.is_alive(process)
