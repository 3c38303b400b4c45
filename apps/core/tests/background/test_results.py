"""What is on record of a task, and how a failed one is run again."""

import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from celery import current_app, states
from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import ChordCounter, GroupResult, TaskResult
from rest_framework.test import APITestCase

from apps.core.background.idempotency import RETENTION
from apps.core.background.schedules import write_schedules
from apps.core.models import DeadLetter, Effect, FailedTask, StartedTask
from apps.core.tasks import purge_effects, purge_results, purge_tokens
from apps.core.tests.helpers import log_in, make_user


def store(state: str, task_id: str = "one", result: Any = None) -> str:
    current_app.backend.store_result(task_id, result, state)
    return TaskResult.objects.get(task_id=task_id).status


def test_celery_itself_sends_a_task_by_hand() -> None:
    # With the servers of this process, by its environment.
    command = [sys.executable, "-m", "celery", "-A", "conf", "call", "apps.core.tasks.measure_wait", "--args=[1]"]
    try:
        done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603
        assert (done.returncode, len(done.stdout.strip())) == (0, 36), done.stderr
    finally:
        assert current_app.control.purge() == 1


@pytest.mark.django_db
def test_a_retry_that_is_reported_late_does_not_hide_a_success() -> None:
    assert store(states.STARTED) == states.STARTED
    assert store(states.RETRY, result=ValueError()) == states.RETRY
    assert store(states.SUCCESS) == states.SUCCESS
    assert store(states.RETRY, result=ValueError()) == states.SUCCESS


@pytest.mark.django_db(transaction=True)
def test_a_result_is_stored_through_a_connection_that_was_cut_meanwhile() -> None:
    def work() -> None:
        store(states.STARTED)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        idle.set()
        cut.wait(5)
        stored.append(store(states.SUCCESS))
        connection.close()

    pids: list[int] = []
    stored: list[str] = []
    idle, cut = threading.Event(), threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    idle.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", pids)
    cut.set()
    worker.join(10)
    assert stored == [states.SUCCESS]


class PurgeTests(APITestCase):
    def test_what_is_old_goes_and_what_is_not_stays(self) -> None:
        user = make_user()
        for key in ("old", "new"):
            log_in(self.client, user)
            Effect.objects.create(key=key)
            store(states.SUCCESS, key)
            StartedTask.objects.create(user=user, name=key)
        long_ago = timezone.now() - RETENTION
        Effect.objects.filter(key="old").update(created=long_ago)
        TaskResult.objects.filter(task_id="old").update(date_done=long_ago)
        StartedTask.objects.filter(name="old").update(created=long_ago)
        first = user.auth_token_set.order_by("created").first()
        user.auth_token_set.filter(pk=first.pk).update(expiry=long_ago)

        for key, at in (("old", long_ago), ("new", timezone.now())):
            DeadLetter.objects.create(position=key, message=b"", put_aside=at)
            FailedTask.objects.create(task_id=key, arguments="[]")
            GroupResult.objects.create(group_id=key)
            ChordCounter.objects.create(group_id=key, sub_tasks="[]", count=2)
        FailedTask.objects.filter(task_id="old").update(created=long_ago)
        GroupResult.objects.filter(group_id="old").update(date_done=long_ago)

        self.assertEqual((purge_tokens(), purge_effects(), purge_results()), (1, 1, 6))

        self.assertEqual(DeadLetter.objects.get().position, "new")
        self.assertEqual(FailedTask.objects.get().task_id, "new")
        self.assertEqual(GroupResult.objects.get().group_id, "new")
        self.assertEqual(ChordCounter.objects.get().group_id, "new")

        self.assertEqual(Effect.objects.get().key, "new")
        self.assertEqual(TaskResult.objects.get().task_id, "new")
        self.assertEqual(StartedTask.objects.get().name, "new")
        self.assertEqual(user.auth_token_set.count(), 1)


class AdminTests(APITestCase):
    def setUp(self) -> None:
        self.client.force_login(make_user(is_staff=True, is_superuser=True))
        current_app.control.purge()

    def run_again(self, **fields: Any) -> list[str]:
        values = {"task_name": "apps.core.tasks.measure_wait", "status": states.FAILURE} | fields
        result = TaskResult.objects.create(task_id="one", **values)
        data = {"action": "run_again", "_selected_action": [result.pk]}
        url = reverse("admin:django_celery_results_taskresult_changelist")
        response = self.client.post(url, data, format="multipart")
        return [str(message) for message in get_messages(response.wsgi_request)]

    def queued(self) -> list[Any]:
        with current_app.connection_for_read() as broker:
            message = broker.default_channel.basic_get("default", no_ack=True)
        return [] if message is None else [message.headers["id"], message.payload[:2]]

    def test_a_failed_task_is_run_again_under_its_id_with_its_arguments(self) -> None:
        arguments = [[["C:\\new", "a" * 3000, "\0\ud800", {"a": [[[[1.5]]]]}]], {}]
        FailedTask.objects.create(task_id="one", arguments=json.dumps(arguments), queue="default")
        said = self.run_again(task_args="\"('what people are shown...')\"")
        self.assertEqual(said, ["one is queued again."])
        self.assertEqual(self.queued(), ["one", arguments])
        self.assertFalse(FailedTask.objects.exists())

    def test_one_that_was_part_of_a_canvas_is_not(self) -> None:
        FailedTask.objects.create(task_id="one", arguments="[[], {}]", queue="")
        self.assertIn("part of a group, chain or chord", self.run_again()[0])
        self.assertEqual(self.queued(), [])

    def test_one_that_has_not_failed_is_not(self) -> None:
        self.assertIn("only a task that has failed", self.run_again(status=states.SUCCESS)[0])
        self.assertEqual(self.queued(), [])

    def test_one_that_the_code_no_longer_has_is_not(self) -> None:
        self.assertIn("there is no task gone", self.run_again(task_name="gone")[0])

    def test_one_whose_arguments_are_not_stored_is_not(self) -> None:
        self.assertIn("its arguments are not stored", self.run_again(task_args='"(1.5,)"')[0])
        self.assertEqual(self.queued(), [])

    def test_the_lists_open_and_filter(self) -> None:
        store(states.FAILURE, result=ValueError())
        Effect.objects.create(key="welcome:1")
        for model in ("django_celery_results_taskresult", "core_startedtask", "core_effect"):
            self.assertEqual(self.client.get(reverse(f"admin:{model}_changelist")).status_code, 200)
        url = reverse("admin:django_celery_results_taskresult_changelist")
        self.assertContains(self.client.get(url, {"status__exact": "FAILURE"}), "1 task result")
        self.assertContains(self.client.get(url, {"status__exact": "SUCCESS"}), "0 task results")

    def test_a_schedule_of_the_code_can_be_turned_off_and_not_changed(self) -> None:
        write_schedules()
        row = PeriodicTask.objects.get(name="Purge old results")
        url = reverse("admin:django_celery_beat_periodictask_change", args=[row.pk])
        self.assertContains(self.client.get(url), "only whether it is enabled")
        self.client.post(url, {"name": "mine", "task": "other"}, format="multipart")
        row.refresh_from_db()
        self.assertEqual(
            (row.enabled, row.name, row.task), (False, "Purge old results", "apps.core.tasks.purge_results")
        )

    def test_a_schedule_made_by_hand_can_be_changed(self) -> None:
        write_schedules()
        crontab = PeriodicTask.objects.get(name="Purge old results").crontab
        row = PeriodicTask.objects.create(name="by hand", task="apps.core.tasks.purge_tokens", crontab=crontab)
        url = reverse("admin:django_celery_beat_periodictask_change", args=[row.pk])
        self.assertContains(self.client.get(url), 'name="regtask"')

    def test_what_is_megabytes_is_cut_for_display(self) -> None:
        row = TaskResult.objects.create(
            task_id="one", status=states.FAILURE, result="x" * 3_000_000, traceback="y" * 3_000_000
        )
        page = self.client.get(reverse("admin:django_celery_results_taskresult_change", args=[row.pk])).content
        self.assertLess(len(page), 100_000)
        self.assertIn(b"(3,000,000 characters in all)", page)
        self.assertEqual(self.client.get(reverse("admin:django_celery_results_taskresult_changelist")).status_code, 200)

    def test_the_time_of_a_schedule_of_the_code_cannot_be_changed(self) -> None:
        write_schedules()
        schedule = PeriodicTask.objects.get(name="Purge expired tokens")
        url = reverse("admin:django_celery_beat_crontabschedule_change", args=[schedule.crontab_id])
        self.assertNotContains(self.client.get(url), 'name="_save"')
        self.client.post(url, {"minute": "5", "hour": "*"}, format="multipart")
        schedule.refresh_from_db()
        self.assertEqual((schedule.crontab.hour, schedule.crontab.minute), ("4", "10"))
        # Whoever changes or deletes the row in another way does not move it either.
        with self.captureOnCommitCallbacks(execute=True):
            schedule.crontab.hour = "*"
            schedule.crontab.save()
        schedule.refresh_from_db()
        self.assertEqual(schedule.crontab.hour, "4")
        with self.captureOnCommitCallbacks(execute=True):
            schedule.crontab.delete()
        self.assertEqual(PeriodicTask.objects.get(name="Purge expired tokens").crontab.hour, "4")
