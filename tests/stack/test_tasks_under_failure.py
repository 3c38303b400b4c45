"""Two thousand tasks while one thing after the other is killed under them: none is lost, each has its effect once."""

import time
from collections import Counter, defaultdict

import pytest

from tests.harness.checkout import eventually
from tests.harness.trial_stack import RETURN_TIME, SLACK, Trial

pytestmark = pytest.mark.long

NUMBERS = range(2000)
# Sent twice, so that both deliveries want to have the effect.
TWICE = range(0, 2000, 10)


def kill_child(trial: Trial) -> None:
    trial.process("worker").children()[-1].kill()


def kill_worker(trial: Trial) -> None:
    trial.process("worker").kill()


def kill_redis(trial: Trial) -> None:
    trial.process("redis").kill()


def restart_postgres(trial: Trial) -> None:
    trial.checkout.just("restart", "postgres")


def test_every_task_is_done_and_its_effect_happens_once(trial: Trial) -> None:
    started = time.monotonic()
    ids = trial.send("trial_effect", *([number] for number in (*NUMBERS, *TWICE)))
    disturbed = []
    for count, disturb in ((300, kill_child), (600, kill_worker), (900, kill_redis), (1200, restart_postgres)):
        eventually(lambda count=count: len(trial.effects()) >= count, f"{count} effects", seconds=90)
        begun = time.time()
        disturb(trial)
        disturbed.append((begun - 1, time.time() + 3))
    assert len(trial.effects()) < len(NUMBERS), "all of it happened while there was work"

    eventually(
        lambda: trial.states(ids) == {"SUCCESS": len(ids)},
        "all done",
        seconds=90 + RETURN_TIME + SLACK,
    )

    assert trial.waiting() == 0
    effects = defaultdict(list)
    for line in trial.effects():
        number, at = line.split()
        effects[int(number)].append(float(at))
    assert set(effects) == set(NUMBERS)
    again = {number: times for number, times in effects.items() if len(times) > 1}
    print(f"{time.monotonic() - started:.0f} s; effects of processes that died before their commit: {len(again)}")  # noqa: T201
    for number, (*cut, _last) in again.items():
        # The world outside has no rollback: what was killed between its effect and its commit has it again.
        assert all(any(begin < at < end for begin, end in disturbed) for at in cut), (number, cut, disturbed)
    # Of each disturbance two processes at most were in that window.
    assert sum(len(times) - 1 for times in again.values()) <= 2 * len(disturbed), Counter(map(len, again.values()))


def test_a_worker_that_is_killed_four_times_loses_none_of_forty_tasks(trial: Trial) -> None:
    ids = trial.send("trial_notes", *([f"forty-{number}", 1] for number in range(40)))
    for _ in range(4):
        before = len(trial.effects())
        # As soon as it runs what was returned.
        eventually(lambda before=before: len(trial.effects()) > before + 1, "two that run", seconds=30)
        kill_worker(trial)

    eventually(lambda: trial.states(ids) == {"SUCCESS": 40}, "all done", seconds=60)

    again = [name for name, count in Counter(line.split()[1] for line in trial.effects()[-60:]).items() if count > 3]
    assert again == [], "none was hit by every death"
