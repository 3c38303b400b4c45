"""What the code schedules, beat's tables hold; and beat sends it when it is due, in UTC."""

import json
from datetime import UTC, datetime

import pytest
import time_machine
from celery import current_app
from celery.schedules import crontab
from django.core.management import call_command
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from apps.core.background.beat import HeartbeatScheduler
from apps.core.background.schedules import OWNED, write_schedules

# Beat closes the connection that a test's transaction would be in.
pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Purge expired tokens"


@pytest.fixture
def only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code schedule one task, at 15:30."""
    entry = {"task": "apps.core.tasks.purge_tokens", "schedule": crontab(hour="15", minute="30")}
    monkeypatch.setitem(current_app.conf, "beat_schedule", {NAME: entry})


@pytest.fixture(autouse=True)
def _empty_queue() -> None:
    current_app.control.purge()


def times_sent() -> int:
    with current_app.connection_for_read() as connection:
        queue = connection.default_channel.client.lrange("default", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in queue].count("apps.core.tasks.purge_tokens")


def test_a_migration_writes_what_the_code_schedules() -> None:
    PeriodicTask.objects.all().delete()
    call_command("migrate", verbosity=0)
    rows = {row.name: row for row in PeriodicTask.objects.filter(description=OWNED)}
    assert {name: row.task for name, row in rows.items()} == {
        name: entry["task"] for name, entry in current_app.conf.beat_schedule.items()
    }
    row = rows[NAME]
    assert (str(row.crontab.timezone), row.expire_seconds) == ("UTC", 12 * 3600)


@pytest.mark.usefixtures("only_one")
def test_the_code_owns_the_time_and_the_admin_whether_it_runs() -> None:
    write_schedules()
    other = CrontabSchedule.objects.create(hour="23")
    PeriodicTask.objects.filter(name=NAME).update(enabled=False, crontab=other, task="somebody.elses")
    write_schedules()
    row = PeriodicTask.objects.get(name=NAME)
    assert (row.enabled, row.crontab.hour, row.task) == (False, "15", "apps.core.tasks.purge_tokens")


@pytest.mark.usefixtures("only_one")
def test_what_has_not_changed_is_not_written_again() -> None:
    write_schedules()
    before = PeriodicTask.objects.get(name=NAME).date_changed
    write_schedules()
    assert PeriodicTask.objects.get(name=NAME).date_changed == before


@pytest.mark.usefixtures("only_one")
def test_what_the_code_no_longer_schedules_goes_and_what_people_made_stays() -> None:
    crontab_row = CrontabSchedule.objects.create(hour="1")
    PeriodicTask.objects.create(name="made by hand", task="x", crontab=crontab_row)
    PeriodicTask.objects.create(name="gone from the code", task="x", crontab=crontab_row, description=OWNED)
    write_schedules()
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {NAME, "made by hand"}


@pytest.mark.usefixtures("only_one")
def test_a_task_that_is_hours_ahead_is_sent_when_it_is_due_and_not_before() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 2, 0, tzinfo=UTC)) as clock:
        beat = HeartbeatScheduler(app=current_app)
        PeriodicTasks.update_changed()
        sent = {}
        for hour, minute in ((2, 1), (9, 0), (14, 0), (15, 29), (15, 31), (15, 45), (21, 0)):
            clock.move_to(datetime(2026, 3, 1, hour, minute, tzinfo=UTC))
            # Beat looks once a second; one look takes in the change, the next one sends.
            for _ in range(3):
                beat.tick()
            sent[hour, minute] = times_sent()
    assert sent == {(2, 1): 0, (9, 0): 0, (14, 0): 0, (15, 29): 0, (15, 31): 1, (15, 45): 1, (21, 0): 1}


@pytest.mark.usefixtures("only_one")
def test_one_that_is_turned_off_is_not_sent() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 15, 0, tzinfo=UTC)) as clock:
        beat = HeartbeatScheduler(app=current_app)
        row = PeriodicTask.objects.get(name=NAME)
        row.enabled = False
        row.save()
        clock.move_to(datetime(2026, 3, 1, 15, 31, tzinfo=UTC))
        for _ in range(3):
            beat.tick()
    assert times_sent() == 0
