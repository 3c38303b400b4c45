"""Leases with real processes: workers that are killed or stopped, a Redis that restarts, a machine that fails."""

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from apps.core.background.broker.reclaim import LEASE
from checkout.queues import DELAYED
from tests.harness.checkout import Checkout, eventually
from tests.harness.trial_stack import RETURN_TIME, SLACK, Trial

pytestmark = pytest.mark.long

PROCESSES = 20
WAITING = 2000
# Shorter than a task that runs: with leases it has no say.
VISIBILITY_TIMEOUT = 5
MONTH = 30 * 86_400


@pytest.fixture(scope="module")
def trial(make_started: Callable[..., Checkout]) -> Trial:
    """Return a stack whose worker runs many tasks at once."""
    trial = Trial(make_started())
    table = trial.checkout.path / "stack/programs/table.py"
    table.write_text(table.read_text().replace("--concurrency=2", f"--concurrency={PROCESSES}"))
    trial.limits(time_limit=120, visibility_timeout=VISIBILITY_TIMEOUT)
    trial.checkout.just("up")
    return trial


@contextmanager
def another_worker(trial: Trial, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a second worker beside the stack's."""
    command = ["./just", "celery", "worker", "--hostname=second@%h", "--concurrency=2", *options]
    log = (trial.checkout.state / "second.log").open("wb")
    process = subprocess.Popen(
        command, cwd=trial.checkout.path, env=trial.checkout.environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        eventually(
            lambda: b" ready." in (trial.checkout.state / "second.log").read_bytes(), "a second worker", seconds=30
        )
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def starts(trial: Trial) -> Counter[str]:
    """Return how often each task was started, by what it noted."""
    return Counter(line.partition(" ")[2].partition(" ")[0] for line in trial.effects() if line.startswith("start "))


def first_starts_after(trial: Trial, at: float, names: set[str]) -> list[float]:
    """Return in how many seconds each of the tasks was started again."""
    found: dict[str, float] = {}
    for line in trial.effects():
        kind, name, time_of = line.split()
        if kind == "start" and name in names and float(time_of) > at:
            found.setdefault(name, float(time_of) - at)
    assert set(found) == names
    return list(found.values())


def kill_worker(trial: Trial) -> None:
    trial.process("worker").kill()


def kill_redis(trial: Trial) -> None:
    trial.process("redis").kill()


def kill_the_machine(trial: Trial) -> None:
    for process in trial.checkout.processes():
        process.kill()
    trial.checkout.just("up")


@pytest.mark.parametrize(
    ("name", "disturb", "again"),
    [("worker", kill_worker, 20), ("redis", kill_redis, 0), ("machine", kill_the_machine, 20)],
)
def test_what_ran_starts_again_soon_and_everything_else_runs_once(
    trial: Trial, name: str, disturb: Callable[[Trial], None], again: int
) -> None:
    running = [[f"{name}-long-{number}", 15] for number in range(PROCESSES)]
    waiting = [[f"{name}-{number}", 0] for number in range(WAITING)]
    ids = trial.send("trial_notes", *running, *waiting)
    eventually(lambda: sum(starts(trial)[call[0]] for call in running) == PROCESSES, "twenty that run", seconds=30)

    at = time.time()
    disturb(trial)
    # A machine is back when its stack is up.
    back = time.time() if name == "machine" else at

    eventually(lambda: trial.states(ids) == {"SUCCESS": len(ids)}, "all done", seconds=120)
    found = starts(trial)
    assert {call: found[call] for call, _ in running} == {call: 2 if again else 1 for call, _ in running}
    assert {call for call, _ in waiting if found[call] != 1} == set()
    if again:
        soon = first_starts_after(trial, back, {call for call, _ in running}) if name != "machine" else []
        print(f"{name}: started again after {max(soon or [0]):.1f} s")  # noqa: T201
        assert not soon or max(soon) < RETURN_TIME
    eventually(lambda: trial.waiting() == 0, "an empty queue")


def test_a_long_task_runs_once_and_one_that_waits_a_month_survives_restarts(trial: Trial) -> None:
    seconds = 3 * (LEASE + VISIBILITY_TIMEOUT)
    [month] = trial.send("trial_sleeps", [0], countdown=MONTH)
    [long] = trial.send("trial_notes", ["long", seconds])
    eventually(lambda: starts(trial)["long"] == 1, "its start")

    # Neither Redis' restart nor the connection's end concerns it.
    kill_redis(trial)
    eventually(lambda: trial.states([long]) == {"SUCCESS": 1}, "its success", seconds=seconds + SLACK)
    trial.checkout.just("restart", "worker")

    assert starts(trial)["long"] == 1
    with trial.broker() as client:
        [(entry, due)] = client.zrange(DELAYED, 0, -1, withscores=True)
        left = due - client.time()[0]
    assert month.encode() in entry
    assert MONTH - 300 < left < MONTH
    with trial.broker() as client:
        client.delete(DELAYED)


@contextmanager
def redis_is_stopped(trial: Trial) -> Iterator[None]:
    trial.supervisor("supervisor.stop(['redis'])")
    yield
    trial.supervisor("supervisor.start(['redis'])")


@contextmanager
def redis_hangs(trial: Trial) -> Iterator[None]:
    redis = trial.process("redis")
    redis.suspend()
    yield
    redis.resume()


@pytest.mark.parametrize("outage", [redis_is_stopped, redis_hangs])
def test_an_outage_that_is_longer_than_a_lease_disturbs_no_task(
    trial: Trial, outage: Callable[[Trial], AbstractContextManager[None]]
) -> None:
    names = {f"{outage.__name__}-{end}" for end in ("meanwhile", "afterwards")}
    # One ends while Redis is unavailable, so it cannot be acknowledged; the other one afterwards.
    with another_worker(trial, "--queues=mail"):
        ids = trial.send("trial_notes", *([name, 8 if "meanwhile" in name else 25] for name in sorted(names)))
        eventually(lambda: all(starts(trial)[name] for name in names), "their starts")
        with outage(trial):
            time.sleep(LEASE + 6)
        eventually(lambda: trial.states(ids) == {"SUCCESS": 2}, "their success", seconds=25 + SLACK)
        eventually(lambda: trial.waiting() == 0, "an empty queue", seconds=LEASE + SLACK)
    assert {starts(trial)[name] for name in names} == {1}


def test_a_worker_that_was_stopped_for_three_leases_repeats_what_it_ran_and_nothing_else(trial: Trial) -> None:
    running = [[f"stopped-long-{number}", 6] for number in range(PROCESSES)]
    waiting = [[f"stopped-{number}", 0.1] for number in range(100)]
    worker = trial.process("worker")
    processes = [worker, *worker.children(recursive=True)]
    with another_worker(trial, "--queues=mail"):
        ids = trial.send("trial_notes", *running, *waiting)
        eventually(lambda: sum(starts(trial)[call[0]] for call in running) == PROCESSES, "twenty that run")
        for process in processes:
            process.suspend()
        stopped = time.monotonic()
        second = f"--destination=second@{socket.gethostname()}"
        trial.checkout.just("celery", "control", second, "add_consumer", "default")
        # The second worker gets what the first one held, and does the rest.
        eventually(
            lambda: sum(starts(trial)[call] for call, _ in running) > PROCESSES, "its return", seconds=RETURN_TIME
        )
        time.sleep(max(0, 3 * LEASE - (time.monotonic() - stopped)))
        for process in processes:
            process.resume()
        eventually(lambda: trial.states(ids) == {"SUCCESS": len(ids)}, "all done", seconds=120)
        eventually(lambda: trial.waiting() == 0, "an empty queue")

    found = starts(trial)
    assert {call: found[call] for call, _ in running} == {call: 2 for call, _ in running}
    assert {call for call, _ in waiting if found[call] != 1} == set()
    assert trial.process("worker") == worker, "the same process"
    [after] = trial.send("trial_notes", ["after", 0])
    eventually(lambda: trial.states([after]) == {"SUCCESS": 1}, "a task with its new lease")


def test_while_redis_is_unavailable_the_worker_writes_one_line(trial: Trial) -> None:
    eventually(lambda: trial.checkout.health()["components"]["worker"]["ok"], "a healthy worker", seconds=30)
    before = len(trial.checkout.log_lines("worker"))
    trial.supervisor("supervisor.stop(['redis'])")
    time.sleep(10)
    lines = trial.checkout.log_lines("worker")[before:]
    trial.supervisor("supervisor.start(['redis'])")

    assert len(lines) == 1, lines
    eventually(lambda: trial.checkout.health()["components"]["worker"]["ok"], "a healthy worker", seconds=30)
