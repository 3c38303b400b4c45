"""`just tasks`, against the real queue and database."""

from io import StringIO
from unittest import mock

from celery import current_app, states
from django.core.management import call_command
from django_celery_results.models import TaskResult
from rest_framework.test import APITestCase

from apps.core import monitor
from apps.core.schedules import write_schedules
from apps.core.tasks import measure_wait


class TasksCommandTests(APITestCase):
    def setUp(self) -> None:
        current_app.control.purge()
        # There is no worker to wait for.
        self.enterContext(mock.patch.object(monitor, "ANSWER", 0.05))

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

    def test_says_that_no_worker_answers(self) -> None:
        self.assertIn("no worker answers", self.page())
