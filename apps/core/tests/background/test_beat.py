"""Any number of beats send each occurrence of a schedule once."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import current_app
from celery.schedules import crontab
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from apps.core.background.beat import HeartbeatScheduler, claim, give_back

# Beat closes the connection that a test's transaction would be in.
pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Every minute"
TASK = "apps.core.tasks.purge_tokens"
START = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
NOWHERE = "redis+socket:///nowhere/redis.sock"


@pytest.fixture(autouse=True)
def _only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code schedule one task, every minute; and begin with an empty queue."""
    monkeypatch.setitem(current_app.conf, "beat_schedule", {NAME: {"task": TASK, "schedule": crontab()}})
    current_app.control.purge()


def sent() -> int:
    with current_app.connection_for_read() as broker:
        queue = broker.default_channel.client.lrange("default", 0, -1)
    return Counter(json.loads(message)["headers"]["task"] for message in queue)[TASK]


def beats(number: int) -> list[HeartbeatScheduler]:
    made = [HeartbeatScheduler(app=current_app) for _ in range(number)]
    PeriodicTasks.update_changed()
    look(made)
    return made


def look(made: list[HeartbeatScheduler]) -> None:
    for beat in made:
        for _ in range(3):
            beat.tick()


def row() -> PeriodicTask:
    return PeriodicTask.objects.get(name=NAME)


def test_three_beats_send_each_occurrence_once() -> None:
    with time_machine.travel(START, tick=False) as clock:
        made = beats(3)
        for minute in range(1, 6):
            clock.move_to(START + timedelta(minutes=minute))
            look(made[minute % 3 :] + made[: minute % 3])
            assert sent() == minute
    assert row().total_run_count == 5


def test_beats_whose_clocks_differ_by_half_a_minute_send_each_occurrence_once() -> None:
    with time_machine.travel(START, tick=False) as clock:
        behind, ahead = beats(2)
        for second in range(0, 300, 5):
            for beat, offset in ((behind, 0), (ahead, 30)):
                clock.move_to(START + timedelta(seconds=second + offset))
                look([beat])
    # The one that is ahead sees 12:01 to 12:05; the other sees the same minutes later.
    assert sent() == 5


def test_beats_that_claim_at_the_same_time_have_one_claim() -> None:
    HeartbeatScheduler(app=current_app)

    def load_and_claim(model: PeriodicTask) -> bool:
        try:
            return claim(model)
        finally:
            connection.close()

    for _ in range(10):
        models = [row() for _ in range(8)]
        for model in models:
            model.stored_last_run_at = model.last_run_at
        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(load_and_claim, models)) == [False] * 7 + [True]
        assert len({model.last_run_at for model in models}) == 1


def test_an_occurrence_is_sent_once_redis_is_available_again_and_the_outage_is_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        [beat] = beats(1)
        before = row().last_run_at
        clock.shift(timedelta(minutes=1))
        beat.connection = current_app.connection_for_write(url=NOWHERE)
        look([beat, beat])
        assert (sent(), row().last_run_at, row().total_run_count) == (0, before, 0)
        for cached in ("connection", "producer"):
            vars(beat).pop(cached)
        look([beat])
    assert (sent(), row().total_run_count) == (1, 1)
    assert [message for message in caplog.messages if "waits" in message] == [
        "A scheduled task waits: Redis or Postgres is unavailable"
    ]


def test_another_beat_sends_what_one_could_not() -> None:
    with time_machine.travel(START, tick=False) as clock:
        broken, sound = beats(2)
        clock.shift(timedelta(minutes=1))
        broken.connection = current_app.connection_for_write(url=NOWHERE)
        look([broken, sound, broken])
    assert sent() == 1


def test_a_claim_that_was_given_back_is_not_given_back_again() -> None:
    HeartbeatScheduler(app=current_app)
    first, second = row(), row()
    for model in (first, second):
        model.stored_last_run_at = model.last_run_at
    assert claim(first)
    give_back(first)
    assert claim(second)
    give_back(first)
    assert (row().last_run_at, row().total_run_count) == (second.last_run_at, 1)


def test_a_beat_that_dies_between_claim_and_send_loses_this_occurrence_alone() -> None:
    with time_machine.travel(START, tick=False) as clock:
        dying, other = beats(2)
        clock.shift(timedelta(minutes=1))
        assert claim(dying.schedule[NAME].model)
        look([other])
        assert sent() == 0
        clock.shift(timedelta(minutes=1))
        look([other])
    assert sent() == 1


def test_occurrences_that_were_missed_are_sent_once_not_all() -> None:
    with time_machine.travel(START, tick=False) as clock:
        made = beats(2)
        clock.shift(timedelta(hours=9))
        look(made)
    assert sent() == 1


def test_a_schedule_that_runs_once_runs_once_and_is_disabled() -> None:
    with time_machine.travel(START, tick=False) as clock:
        HeartbeatScheduler(app=current_app)
        PeriodicTask.objects.all().delete()
        every = IntervalSchedule.objects.create(every=10, period="seconds")
        PeriodicTask.objects.create(name="once", task=TASK, interval=every, one_off=True)
        made = [HeartbeatScheduler(app=current_app) for _ in range(2)]
        PeriodicTask.objects.exclude(name="once").delete()
        PeriodicTasks.update_changed()
        for _ in range(5):
            look(made)
            clock.shift(timedelta(seconds=11))
    assert sent() == 1
    assert not PeriodicTask.objects.get(name="once").enabled


def test_what_runs_once_is_not_lost_if_another_beat_disables_it_while_redis_is_unavailable() -> None:
    with time_machine.travel(START, tick=False) as clock:
        HeartbeatScheduler(app=current_app)
        PeriodicTask.objects.all().delete()
        every = IntervalSchedule.objects.create(every=10, period="seconds")
        once = PeriodicTask.objects.create(name="once", task=TASK, interval=every, one_off=True)
        once.stored_last_run_at = once.last_run_at
        assert claim(once)
        # As a beat does that reads the row now, and takes it to have run.
        other = PeriodicTask.objects.get(name="once")
        other.enabled, other.total_run_count = False, 0
        other.save()

        give_back(once)

        made = [HeartbeatScheduler(app=current_app) for _ in range(2)]
        PeriodicTask.objects.exclude(name="once").delete()
        PeriodicTasks.update_changed()
        clock.shift(timedelta(seconds=11))
        look(made)
    assert sent() == 1


def test_an_outage_after_another_beat_has_sent_it_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(START, tick=False) as clock:
        broken, sound = beats(2)
        broken.connection = current_app.connection_for_write(url=NOWHERE)
        for _ in range(2):
            clock.shift(timedelta(minutes=1))
            look([broken, sound, broken])
    assert [message for message in caplog.messages if "task waits" in message] == [
        "A scheduled task waits: Redis or Postgres is unavailable"
    ] * 2


def test_a_schedule_that_is_disabled_while_it_is_due_is_not_sent() -> None:
    with time_machine.travel(START, tick=False) as clock:
        [beat] = beats(1)
        # As raw SQL would: no beat is told.
        PeriodicTask.objects.filter(name=NAME).update(enabled=False)
        clock.shift(timedelta(minutes=1))
        look([beat])
    assert sent() == 0


def test_a_task_that_cannot_be_sent_for_its_own_fault_is_logged_once_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        made = beats(1)
        clock.shift(timedelta(seconds=1))
        PeriodicTask.objects.filter(name=NAME).update(queue="mistyped")
        PeriodicTasks.update_changed()
        look(made)
        clock.shift(timedelta(minutes=1))
        look(made)
    assert [message for message in caplog.messages if "sent" in message] == ["A scheduled task could not be sent"]
    assert row().total_run_count == 1
