"""Which processes are ours, and how they are ended."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from conf import local
from stack import leftovers, process_records

Start = Callable[..., psutil.Process]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STATE", tmp_path / "state")
    local.STATE.mkdir()


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts a process with variables in its environment."""
    started = []

    def start(script: str = "exec sleep 60", **variables: str) -> psutil.Process:
        command = ["sh", "-c", script]
        process = subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE)
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
    ours = start(**leftovers.mark())
    start()
    start(**leftovers.mark() | {"STACK_STATE": "/elsewhere/.state"})
    start(**leftovers.mark() | {"STACK_PLACE": "pid:[another container]"})

    assert leftovers.processes() == [ours]


def test_processes_of_one_program(start: Start) -> None:
    start(**leftovers.mark(), SUPERVISOR_PROCESS_NAME="web")
    worker = start(**leftovers.mark(), SUPERVISOR_PROCESS_NAME="worker")

    assert leftovers.processes("worker") == [worker]
    assert leftovers.is_program(worker.pid, "worker")
    assert not leftovers.is_program(worker.pid, "web")


def test_one_that_runs_below_ours_does_not_find_itself(monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    ours = start(**leftovers.mark())
    monkeypatch.setattr(os, "getpid", lambda: ours.pid)

    assert leftovers.processes() == []


def test_orphans_are_those_that_the_supervisor_does_not_lead(start: Start) -> None:
    orphan = start(**leftovers.mark())

    assert leftovers.orphans(supervisor=orphan.pid) == []
    assert leftovers.orphans(supervisor=os.getpid()) == []
    assert leftovers.orphans(supervisor=1 << 22) == [orphan]


@pytest.mark.stack
def test_what_does_not_end_is_killed(start: Start) -> None:
    stubborn = start(
        "trap '' TERM INT QUIT; echo; while :; do sleep 1; done", **leftovers.mark(), SUPERVISOR_PROCESS_NAME="web"
    )

    leftovers.end(leftovers.processes())

    assert not leftovers.is_alive(stubborn)


def test_a_zombie_counts_as_dead(start: Start) -> None:
    process = start(**leftovers.mark())
    process.send_signal(signal.SIGKILL)
    while process.status() != psutil.STATUS_ZOMBIE:
        pass

    assert not leftovers.is_alive(process)


@pytest.fixture
def start_hidden() -> Iterator[Start]:
    """Return a function that starts a process with a child, in a group of their own, whose environment says nothing."""
    started = []

    def start() -> psutil.Process:
        script = "sleep 61 & echo $!; exec sleep 60"
        process = subprocess.Popen(
            ["sh", "-c", script], env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, process_group=0
        )
        started.append(process)
        assert process.stdout
        process.stdout.readline()
        return psutil.Process(process.pid)

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_a_process_that_hides_its_environment_is_found_by_its_record(start_hidden: Start) -> None:
    worker, _other = start_hidden(), start_hidden()
    process_records.write("worker", worker.pid)

    assert set(leftovers.processes()) == {worker, *worker.children()}
    assert leftovers.processes("web") == []
    assert leftovers.is_program(worker.pid, "worker")
    assert not leftovers.is_program(worker.pid, "web")


def test_the_children_of_one_that_was_killed_are_found_by_their_group(start_hidden: Start) -> None:
    worker = start_hidden()
    process_records.write("worker", worker.pid)
    (child,) = worker.children()

    worker.kill()
    worker.wait()

    assert leftovers.processes("worker") == [child]
    assert leftovers.orphans(supervisor=os.getpid()) == [child]
    leftovers.end(leftovers.processes())
    assert not leftovers.is_alive(child)


@pytest.mark.parametrize("changed", [{"started": 0.0}, {"namespace": "pid:[another container]"}])
def test_a_record_of_a_pid_that_is_somebody_else_s_by_now_means_nobody(
    start_hidden: Start, changed: dict[str, object]
) -> None:
    process = start_hidden()
    process_records.write("worker", process.pid)
    path = local.STATE / "processes/worker"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    assert leftovers.processes() == []
    assert not leftovers.is_program(process.pid, "worker")


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"pid": 1}'])
def test_a_damaged_record_counts_for_nothing(content: str) -> None:
    (local.STATE / "processes").mkdir()
    (local.STATE / "processes/worker").write_text(content)

    assert leftovers.processes() == []
