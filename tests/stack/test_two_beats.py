"""Two real beats at one schedule, the stack's own killed again and again: no occurrence is sent twice.

Two minutes of it: BEATS_SECONDS=120 just test-stack tests/stack/test_two_beats.py
"""

import itertools
import os
import time

from tests.harness.checkout import eventually
from tests.harness.trial_stack import Trial

SECONDS = float(os.environ.get("BEATS_SECONDS", "24"))
EVERY = 2
_SCHEDULE = """
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every = IntervalSchedule.objects.create(every={every}, period="seconds")
PeriodicTask.objects.create(name="tick", task="tests.harness.trial.tasks.trial_tick", interval=every)
"""


def ticks(trial: Trial) -> list[float]:
    return [float(line.split()[1]) for line in trial.effects() if line.startswith("tick ")]


def test_two_beats_send_each_occurrence_once_and_one_goes_on_when_the_other_is_killed(trial: Trial) -> None:
    with trial.checkout.start("celery", "beat", "--pidfile=") as second:
        eventually(lambda: "beat: Starting" in second.text(), "the second beat")
        trial.checkout.just("manage", "shell", "--command", _SCHEDULE.format(every=EVERY))
        eventually(lambda: ticks(trial), "the first occurrence")
        began, kills = time.time(), 0
        while time.time() - began < SECONDS:
            time.sleep(SECONDS / 4)
            trial.process("beat").kill()
            kills += 1
        time.sleep(EVERY)
        found = [at for at in ticks(trial) if at <= began + SECONDS]

    gaps = [later - earlier for earlier, later in itertools.pairwise(found)]
    # Sent twice would be two runs at nearly the same time.
    assert min(gaps) > EVERY / 2, gaps
    assert max(gaps) < 5 + EVERY, gaps
    due = SECONDS / EVERY
    assert due - kills - 2 <= len(found) <= due + 1, (len(found), due, kills)
