"""`just tasks`, against the real queue and database."""

from io import StringIO
from unittest import mock

import pytest
from celery import current_app, states
from django.core.management import CommandError, call_command
from django_celery_results.models import TaskResult
from rest_framework.test import APITestCase

from apps.core.background import overview
from apps.core.background.broker.lease import Lease
from apps.core.background.schedules import write_schedules
from apps.core.tasks import measure_wait
from checkout.queues import DELAYED, LOST_LEASES


class TasksCommandTests(APITestCase):
    def setUp(self) -> None:
        current_app.control.purge()
        # Those that other tests of this process have left return what is lost, each second.
        for lease in tuple(Lease.open_ones):
            lease.give_back_all(count=False)
        # There is no worker to wait for.
        self.enterContext(mock.patch.object(overview, "REPLY_SECONDS", 0.05))

    def page(self) -> str:
        out = StringIO()
        call_command("tasks", stdout=out)
        return out.getvalue()

    def test_shows_queues_schedules_and_failures(self) -> None:
        write_schedules()
        measure_wait.delay(0)
        for task_id in ("one", "two"):
            TaskResult.objects.create(task_id=task_id, task_name="send_welcome", status=states.FAILURE)
        page = self.page()
        self.assertRegex(page, r"default +1\n")
        self.assertRegex(page, r"mail +0\n")
        self.assertRegex(page, r"Purge expired tokens +due \d{4}-\d\d-\d\d 04:10 +has not run")
        self.assertRegex(page, r"send_welcome +2 +last ")

    def test_shows_who_holds_tasks_since_when_and_what_waits_for_its_time(self) -> None:
        held = measure_wait.delay(0)
        task = measure_wait.apply_async((0,), countdown=3600)
        with current_app.connection_for_write() as connection:
            connection.transport.node = "worker@host"  # type: ignore[attr-defined]
            connection.default_channel.basic_get("default")
            page = self.page()
        self.assertRegex(page, r"with workers +1\n +waiting for their time +1\n")
        self.assertRegex(page, r"worker@host +holds 1 +since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +renewed 0 s ago")
        self.assertRegex(page, rf"\n +apps\.core\.tasks\.measure_wait +{held.id}")
        self.assertRegex(page, rf"apps\.core\.tasks\.measure_wait +due \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d +{task.id}")

    def test_shows_a_lease_that_has_run_out_and_what_is_no_task(self) -> None:
        with current_app.connection_for_write() as connection:
            client = connection.default_channel.client  # type: ignore[attr-defined]
            client.sadd(LOST_LEASES, "gone")
            client.zadd(DELAYED, {"default\nno message": 2_000_000_000})
            self.addCleanup(client.delete, LOST_LEASES, DELAYED)
            page = self.page()
        self.assertRegex(page, r"unknown +holds 0 .* has run out, its tasks are being returned")
        self.assertRegex(page, r"no task +due 2033-05-18 03:33:20")

    def test_colours_what_went_wrong_where_colours_are_asked_for(self) -> None:
        TaskResult.objects.create(task_id="one", task_name="send_welcome", status=states.FAILURE)
        out = StringIO()
        call_command("tasks", force_color=True, stdout=out)
        self.assertIn("\x1b[31msend_welcome", out.getvalue())
        with mock.patch.dict("os.environ", {"FORCE_COLOR": "1"}):
            self.assertIn("\x1b[31msend_welcome", self.page())
        with mock.patch.dict("os.environ", {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
            self.assertNotIn("\x1b", self.page())

    def test_a_name_that_somebody_sent_moves_no_cursor(self) -> None:
        TaskResult.objects.create(task_id="one", task_name="send\x1b[2J\u202e", status=states.FAILURE)
        page = self.page()
        self.assertIn(r"send\x1b[2J\u202e", page)
        self.assertNotIn("\x1b", page)

    def test_a_queue_that_does_not_answer_is_one_line(self) -> None:
        # A port that nobody listens on.
        nowhere = current_app.connection("redis://127.0.0.1:1/0")
        self.enterContext(mock.patch.object(current_app, "connection_for_read", return_value=nowhere))
        with pytest.raises(CommandError, match=r"^The queue does not answer .* Start it: just up$"):
            self.page()

    def test_says_that_no_worker_answers(self) -> None:
        self.assertIn("no worker answers", self.page())
