"""What /healthz says of a worker that answers: is it one that takes no tasks, or one that is busy with them?"""

import time

from tests.harness.checkout import eventually
from tests.harness.faults import RECOVERED_WITHIN
from tests.harness.health import WELL_WITHIN, down
from tests.harness.trial_stack import HEARTBEAT, SLACK, TIME_LIMIT, Trial

# Seconds after which workers that have taken no task are doubted.
DOUBTED = 3 * HEARTBEAT


def control(trial: Trial, call: str) -> str:
    code = f"from celery import current_app; print(current_app.control.{call})"
    return trial.checkout.just("manage", "shell", "--verbosity=0", "--command", code).stdout


def test_a_worker_that_takes_no_tasks_is_named_though_it_answers_and_is_well_when_it_takes_them(trial: Trial) -> None:
    control(trial, "cancel_consumer('default')")

    eventually(lambda: down(trial.checkout) == {"worker"}, "a worker that is not healthy", seconds=DOUBTED + SLACK)

    assert "pong" in control(trial, "ping()")
    error = trial.checkout.health()["components"]["worker"]["error"]
    assert error == "no worker takes tasks of: default"
    assert "add consumer" in control(trial, "add_consumer('default', reply=True)")
    eventually(lambda: not down(trial.checkout), "health", seconds=WELL_WITHIN)


def test_a_queue_that_no_worker_consumes_is_named(trial: Trial) -> None:
    control(trial, "cancel_consumer('mail')")
    eventually(lambda: down(trial.checkout) == {"worker"}, "a queue that is not consumed", seconds=DOUBTED + SLACK)
    error = trial.checkout.health()["components"]["worker"]["error"]
    assert error == "no worker takes tasks of: mail"
    control(trial, "add_consumer('mail', reply=True)")
    eventually(lambda: not down(trial.checkout), "health", seconds=WELL_WITHIN)


def test_a_worker_that_is_busy_with_long_tasks_stays_healthy(trial: Trial) -> None:
    long = TIME_LIMIT * 0.8
    ids = trial.send("trial_sleeps", [long], [long])
    eventually(lambda: all(trial.starts(task) for task in ids), "their start")
    started = time.monotonic()

    errors = []
    while trial.states(ids) != {"SUCCESS": 2}:
        components = trial.checkout.health()["components"]
        errors += [(name, found["error"]) for name, found in components.items() if not found["ok"]]
        time.sleep(0.1)

    assert not [error for error in errors if not is_slow_answer(error[1])]
    assert time.monotonic() - started > DOUBTED + 1


def is_slow_answer(error: str) -> bool:
    """Return whether somebody was only late, on a machine that is shared (see RECOVERED_WITHIN)."""
    return RECOVERED_WITHIN > 10 and error in ("no worker answers", "no answer in time")


def test_what_is_sent_to_see_that_tasks_are_taken_is_in_no_log(trial: Trial) -> None:
    assert "do_nothing" not in trial.checkout.log("worker") + trial.checkout.log("beat")
