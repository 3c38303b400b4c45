"""What becomes of tasks that fail, that kill, and whose worker or broker goes away: real processes, short limits."""

import os
import time
from itertools import pairwise

import pytest
import requests

from tests.harness.checkout import eventually
from tests.harness.hostile_messages import hostile
from tests.harness.trial_stack import RETURN_TIME, SHUTDOWN_TIMEOUT, SLACK, Trial

pytestmark = pytest.mark.long

# All of it: FUZZ_MESSAGES=20000 just test-stack tests/stack/test_tasks.py -k hostile
HOSTILE = int(os.environ.get("FUZZ_MESSAGES", "500"))


def test_a_task_that_kills_its_process_fails_visibly_after_three_deliveries(trial: Trial) -> None:
    [poison] = trial.send("trial_kills_itself", [])

    eventually(lambda: trial.states([poison]) == {"FAILURE": 1}, "the failure", seconds=30)

    assert trial.effects() == ["delivered poison"] * 3
    # A task's result is there a moment before its line.
    eventually(lambda: trial.ends(poison), "its line")
    [end] = trial.ends(poison)
    assert (end["state"], end["error"]) == ("FAILURE", "PoisonError")
    eventually(lambda: trial.waiting() == 0, "an empty queue: it does not come back")
    [after] = trial.send("trial_sleeps", [0])
    eventually(lambda: trial.states([after]) == {"SUCCESS": 1}, "the next task")
    assert trial.effects() == ["delivered poison"] * 3


def test_a_task_that_needs_too_much_memory_fails_and_ends_no_process(trial: Trial) -> None:
    worker = trial.process("worker")
    processes = {worker, *worker.children()}

    ids = trial.send("trial_needs_too_much_memory", [], [], [])

    eventually(lambda: trial.states(ids) == {"FAILURE": 3}, "the failures")
    eventually(lambda: trial.waiting() == 0, "an empty queue: it does not come back")
    assert trial.effects().count("delivered memory") == 3
    assert trial.process("worker") == worker
    assert {worker, *worker.children()} == processes


def test_a_task_that_kills_its_worker_fails_visibly_after_three_deliveries(trial: Trial) -> None:
    [poison] = trial.send("trial_kills_its_worker", [])

    seconds = 3 * (RETURN_TIME + SLACK)
    eventually(lambda: trial.states([poison]) == {"FAILURE": 1}, "the failure", seconds=seconds)

    assert trial.effects().count("delivered worker poison") == 3


def test_tasks_run_between_hostile_messages_and_each_message_is_on_record(trial: Trial) -> None:
    worker = trial.process("worker")
    before = trial.count("core_deadletter"), trial.count("django_celery_results_taskresult")
    ids = []
    for first in range(0, HOSTILE, 1000):
        trial.put(*(hostile(seed) for seed in range(first, min(first + 1000, HOSTILE))))
        ids += trial.send("trial_sleeps", *([0] for _ in range(min(1000, HOSTILE) // 10)))

    eventually(lambda: trial.states(ids) == {"SUCCESS": len(ids)}, "all tasks", seconds=60 + HOSTILE / 20)
    eventually(lambda: trial.waiting() == 0, "an empty queue")
    trial.checkout.just("tasks")
    letters = trial.count("core_deadletter") - before[0]
    rows = trial.count("django_celery_results_taskresult") - before[1] - len(ids)
    print(f"{HOSTILE} hostile messages: {letters} put aside, {rows} more rows of results; {len(ids)} tasks")  # noqa: T201
    assert trial.process("worker") == worker, "the same process"
    # Some of the messages are of one id, or tasks after all.
    assert letters + rows > 0.95 * HOSTILE


def test_a_task_that_does_not_heed_its_time_limit_is_killed_and_has_failed(trial: Trial) -> None:
    [task] = trial.send("trial_hangs", [])

    eventually(lambda: trial.states([task]) == {"FAILURE": 1}, "the failure")

    assert len(trial.starts(task)) == 1
    eventually(lambda: trial.waiting() == 0, "an empty queue: it does not come back")


def test_tasks_that_always_fail_are_tried_four_times_and_tell_whose_request_they_were(trial: Trial) -> None:
    url = f"{trial.checkout.url}/trial/"
    ids = requests.get(url, headers={"X-Request-ID": "ten-that-fail"}, timeout=30).json()["ids"]

    eventually(lambda: trial.states(ids) == {"FAILURE": 10}, "ten failures", seconds=14 + 2 * SLACK)

    eventually(lambda: all(len(trial.ends(task)) >= 4 for task in ids), "the lines of all tries")
    waits = []
    for task in ids:
        assert {line["request_id"] for line in trial.lines(task)} == {"ten-that-fail"}
        assert [(run["state"], run["retries"]) for run in trial.ends(task)] == [
            *(("RETRY", tries) for tries in range(3)),
            ("FAILURE", 3),
        ]
        starts = [line["at"] for line in trial.starts(task)]
        waits += list(enumerate(later - earlier for earlier, later in pairwise(starts)))
    assert all(wait <= 2 ** (tries + 1) + SLACK for tries, wait in waits), waits
    # Full jitter takes half of 2 + 4 + 8 seconds in the mean: 70 s for the ten of them.
    assert sum(wait for _, wait in waits) > 30


def test_a_task_whose_worker_is_killed_starts_again_within_twelve_seconds(trial: Trial) -> None:
    worker = trial.process("worker")
    children = worker.children()
    [task] = trial.send("trial_sleeps", [5])
    eventually(lambda: trial.starts(task), "its start")

    worker.kill()

    eventually(lambda: not any(child.is_running() for child in children), "the end of its processes", seconds=2)
    eventually(lambda: len(trial.starts(task)) == 2, "its second start", seconds=RETURN_TIME + SLACK)
    eventually(lambda: trial.states([task]) == {"SUCCESS": 1}, "its success", seconds=5 + SLACK)
    first, second = trial.starts(task)
    took = second["at"] - first["at"]
    print(f"a killed worker's task started again after {took:.1f} s")  # noqa: T201 - for the record
    assert took < RETURN_TIME
    assert second["times_lost"] == 1


def test_a_worker_without_its_broker_is_not_healthy_and_recovers_by_itself(trial: Trial) -> None:
    worker = trial.process("worker")
    trial.supervisor("supervisor.stop(['redis'])")
    eventually(lambda: not trial.checkout.health()["components"]["worker"]["ok"], "a worker that is not healthy")
    # Long enough that Celery's own pauses between two tries would have grown.
    time.sleep(8)

    trial.supervisor("supervisor.start(['redis'])")
    back = time.monotonic()

    eventually(lambda: trial.checkout.health()["components"]["worker"]["ok"], "a healthy worker")
    print(f"healthy {time.monotonic() - back:.1f} s after Redis was told to start")  # noqa: T201
    assert time.monotonic() - back < 2 + SLACK
    assert trial.process("worker") == worker, "the same process"
    [task] = trial.send("trial_sleeps", [0])
    eventually(lambda: trial.states([task]) == {"SUCCESS": 1}, "a task")


def test_saving_code_lets_the_running_task_end_and_then_loads_the_code(trial: Trial) -> None:
    worker = trial.process("worker")
    [task] = trial.send("trial_sleeps", [6])
    eventually(lambda: trial.starts(task), "its start")

    # Twice: a second signal must not end what the first one waits for.
    urls = trial.checkout.path / "conf" / "urls.py"
    for _ in range(2):
        urls.write_text(f"{urls.read_text()}# saved\n")
        time.sleep(1.5)

    eventually(lambda: trial.states([task]) == {"SUCCESS": 1}, "its success", seconds=6 + SLACK)
    assert len(trial.starts(task)) == 1
    eventually(lambda: not worker.is_running(), "the end of the old worker")
    [after] = trial.send("trial_sleeps", [0])
    eventually(lambda: trial.states([after]) == {"SUCCESS": 1}, "a task of the new worker")


def test_down_hands_a_long_task_back_and_the_next_up_does_it(trial: Trial) -> None:
    # An idle worker holds one that waits for its time, too.
    [waiting] = trial.send("trial_sleeps", [0], countdown=10)
    eventually(trial.waiting, "a worker that holds it")
    trial.checkout.just("down")
    trial.limits(time_limit=40, visibility_timeout=60)
    trial.checkout.just("up")
    eventually(lambda: trial.states([waiting]) == {"SUCCESS": 1}, "the one that waited")
    [task] = trial.send("trial_sleeps", [20])
    eventually(lambda: trial.starts(task), "its start")

    asked = time.monotonic()
    trial.checkout.just("down")
    took = time.monotonic() - asked
    trial.checkout.just("up")

    assert took < SHUTDOWN_TIMEOUT + SLACK
    eventually(lambda: trial.states([task]) == {"SUCCESS": 1}, "its success", seconds=20 + SLACK)
    assert [line["times_lost"] for line in trial.starts(task)] == [0, 0], "handed back, not lost"
