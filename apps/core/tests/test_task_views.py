from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery, current_app, states
from django.db import transaction
from django.urls import reverse
from kombu.exceptions import OperationalError
from rest_framework.test import APITestCase

from apps.core.models import StartedTask
from apps.core.services import task_start
from apps.core.tasks import measure_wait
from apps.core.tests.helpers import log_in, make_user


def noop() -> None:
    pass


def queued() -> int:
    with current_app.connection_for_read() as connection:
        return connection.default_channel.client.llen("default")


class FireTaskViewTests(APITestCase):
    url = reverse("v1:core:fire_task")

    def setUp(self) -> None:
        self.user = make_user()
        log_in(self.client, self.user)
        current_app.control.purge()

    def test_answers_with_the_id_of_a_task_that_is_queued(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(self.url)
        started = StartedTask.objects.get()
        self.assertEqual((response.status_code, response.json()), (202, {"id": str(started.id)}))
        self.assertEqual((started.user, started.name), (self.user, "apps.core.tasks.measure_wait"))
        self.assertEqual(queued(), 1)

    def test_is_for_who_is_logged_in(self) -> None:
        self.client.credentials()
        self.assertEqual(self.client.post(self.url).status_code, 401)
        self.assertFalse(StartedTask.objects.exists())

    def test_nothing_is_queued_for_work_that_is_rolled_back(self) -> None:
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            task_start(task=measure_wait, user=self.user, args=(0.0,))
            transaction.set_rollback(True)
        self.assertEqual((queued(), StartedTask.objects.count()), (0, 0))

    def test_without_a_broker_nothing_is_left_to_wait_for(self) -> None:
        app = Celery(broker="redis+socket:///nowhere/redis.sock", set_as_current=False)
        app.conf.update(broker_transport_options={"max_retries": 0}, task_publish_retry=False)
        with pytest.raises(OperationalError), self.captureOnCommitCallbacks(execute=True):
            task_start(task=app.task(noop), user=self.user)
        self.assertFalse(StartedTask.objects.exists())


class TaskViewTests(APITestCase):
    def setUp(self) -> None:
        self.user = make_user()
        log_in(self.client, self.user)
        self.started = StartedTask.objects.create(user=self.user, name="apps.core.tasks.measure_wait")

    def get(self, task_id: UUID | None = None) -> Any:
        return self.client.get(reverse("v1:core:task", args=[task_id or self.started.id]))

    def store(self, result: object, state: str) -> None:
        current_app.backend.store_result(str(self.started.id), result, state)

    def test_is_pending_until_a_worker_takes_it(self) -> None:
        report = self.get().json()
        self.assertEqual((report["id"], report["state"]), (str(self.started.id), "PENDING"))
        self.assertEqual([report[key] for key in ("result", "error", "started", "finished")], [None] * 4)

    def test_shows_when_it_started(self) -> None:
        self.store({"pid": 7, "hostname": "worker"}, states.STARTED)
        report = self.get().json()
        self.assertEqual((report["state"], report["result"], report["finished"]), ("STARTED", None, None))
        self.assertLess(report["created"], report["started"])

    def test_shows_the_result(self) -> None:
        self.store({"waited_ms": 3.5}, states.SUCCESS)
        report = self.get().json()
        self.assertEqual((report["state"], report["result"], report["error"]), ("SUCCESS", {"waited_ms": 3.5}, None))
        self.assertIsNotNone(report["finished"])

    def test_shows_the_kind_of_an_error_but_not_its_text(self) -> None:
        self.store(ValueError("the password is tiger"), states.FAILURE)
        response = self.get()
        self.assertEqual((response.json()["state"], response.json()["error"]), ("FAILURE", "ValueError"))
        self.assertNotContains(response, "tiger")

    def test_is_nobody_elses(self) -> None:
        log_in(self.client, make_user("bob@example.com", is_staff=True))
        self.assertEqual(self.get().status_code, 404)

    def test_a_task_that_never_was_looks_the_same(self) -> None:
        self.assertEqual(self.get(uuid4()).status_code, 404)

    def test_costs_three_queries(self) -> None:
        with self.assertNumQueries(3):
            self.get()
