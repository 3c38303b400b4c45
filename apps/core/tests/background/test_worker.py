"""A real worker, in a thread of this process, on the real queue."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from celery import current_app, shared_task
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django_celery_results.models import TaskResult
from rest_framework.test import APIClient
from structlog.contextvars import bound_contextvars

from apps.core.background.beat import HeartbeatScheduler
from apps.core.health import heartbeat, probe
from apps.core.models import StartedTask
from apps.core.services import task_report, task_start
from apps.core.tasks import BaseTaskWithRetry, do_nothing
from apps.core.tests.helpers import log_in, make_user
from apps.core.tests.worker import WITH_A_WORKER, finished

pytestmark = WITH_A_WORKER
attempts: list[str] = []


class HopelessError(Exception):
    pass


@shared_task(base=BaseTaskWithRetry, retry_backoff=False, default_retry_delay=0, name="tests.fails")
def fails(kind: str) -> None:
    attempts.append(kind)
    raise {"hopeful": ValueError, "hopeless": HopelessError}[kind]


@shared_task(
    base=BaseTaskWithRetry,
    retry_backoff=False,
    default_retry_delay=0,
    dont_autoretry_for=(HopelessError,),
    name="tests.fails_for_good",
)
def fails_for_good(kind: str) -> None:
    attempts.append(kind)
    raise HopelessError


@shared_task(base=BaseTaskWithRetry, name="tests.parent")
def parent() -> str:
    return str(child.delay().id)


@shared_task(base=BaseTaskWithRetry, name="tests.child")
def child() -> None:
    pass


@pytest.fixture(autouse=True)
def _nothing_has_run() -> None:
    attempts.clear()
    heartbeat._next.clear()


def lines_of(request_id: str, *, runs: int) -> list[dict[str, Any]]:
    """Return the stored lines of a request, from all files, once so many runs of tasks are among them.

    A task's result is there a moment before its line.
    """
    deadline = time.monotonic() + 20
    while True:
        files = Path(settings.LOG_DIR).glob("*.log")
        lines = [json.loads(line) for file in files for line in file.read_text().splitlines() if request_id in line]
        if sum(line["event"] == "task" for line in lines) >= runs:
            return sorted(lines, key=lambda line: line["timestamp"])
        assert time.monotonic() < deadline, lines
        time.sleep(0.05)


def test_the_owner_reads_the_result_and_the_log_tells_whose_request_it_was() -> None:
    client = APIClient()
    log_in(client, make_user())
    response = client.post(reverse("v1:core:fire_task"), headers={"x-request-id": "worker-test-0001"})
    finished(response.json()["id"])
    report = client.get(reverse("v1:core:task", args=[response.json()["id"]])).json()
    assert report["state"] == "SUCCESS"
    assert report["result"]["waited_ms"] > 0
    assert report["created"] <= report["started"] <= report["finished"]
    lines = lines_of("worker-test-0001", runs=1)
    assert {line["event"] for line in lines} == {"request", "task started", "Measured how long a task waits", "task"}
    assert {line["request_id"] for line in lines} == {"worker-test-0001"}
    [run] = [line for line in lines if line["event"] == "task"]
    assert (run["task_id"], run["state"], run["retries"]) == (response.json()["id"], "SUCCESS", 0)


def test_a_task_of_a_task_has_the_same_request() -> None:
    with bound_contextvars(request_id="worker-test-0002"):
        outer = parent.delay()
    inner = finished(outer.id).result
    finished(inner)
    runs = [line for line in lines_of("worker-test-0002", runs=2) if line["event"] == "task"]
    assert {run["task_id"] for run in runs} == {outer.id, inner}


def test_a_task_without_a_request_has_an_id_of_its_own_and_leaves_nothing_behind() -> None:
    first, second = child.delay(), child.delay()
    for task in (first, second):
        finished(task.id)
        assert {line["request_id"] for line in lines_of(task.id, runs=1)} == {task.id}


def test_a_task_that_fails_is_tried_four_times_in_all() -> None:
    with bound_contextvars(request_id="worker-test-0003"):
        started = task_start(task=fails, user=make_user(), args=("hopeful",))
    assert isinstance(finished(str(started.id)).result, ValueError)
    assert attempts == ["hopeful"] * 4
    report = task_report(started=StartedTask.objects.get())
    assert (report["state"], report["error"], report["result"]) == ("FAILURE", "ValueError", None)
    runs = [line for line in lines_of("worker-test-0003", runs=4) if line["event"] == "task"]
    assert [(run["state"], run["retries"], run["error"]) for run in runs] == [
        ("RETRY", 0, "ValueError"),
        ("RETRY", 1, "ValueError"),
        ("RETRY", 2, "ValueError"),
        ("FAILURE", 3, "ValueError"),
    ]


def test_a_task_that_cannot_succeed_is_not_tried_again() -> None:
    finished(fails_for_good.delay("hopeless").id)
    assert attempts == ["hopeless"]


@pytest.mark.parametrize("queue", ["default", "mail"])
def test_a_worker_takes_from_every_queue(queue: str) -> None:
    assert finished(child.apply_async(queue=queue).id).state == "SUCCESS"


def test_healthz_is_well_with_a_worker_and_a_beat() -> None:
    HeartbeatScheduler(app=current_app).tick()
    probe.forget()
    response = APIClient().get("/healthz")
    assert response.status_code == 200, response.json()


def worker_says() -> str:
    """Return what is wrong with the worker."""
    probe.forget()
    return APIClient().get("/healthz").json()["components"]["worker"].get("error", "")


@pytest.fixture
def _beat() -> None:
    """It ticks, and has for a while: of workers there is no sign yet."""
    heartbeat.show_beat()
    cache.delete_many(map(heartbeat.queue_key, heartbeat.queues()))


@pytest.mark.usefixtures("_beat")
def test_a_worker_that_answers_and_takes_no_task_is_not_well_until_it_takes_one() -> None:
    assert worker_says() == "no worker takes tasks of: default, mail"
    finished(child.delay().id)
    assert worker_says() == "no worker takes tasks of: mail"
    finished(child.apply_async(queue="mail").id)
    assert worker_says() == ""


@pytest.mark.usefixtures("_beat")
def test_without_beat_a_worker_that_takes_no_task_is_not_to_blame() -> None:
    cache.delete(heartbeat.BEAT)
    assert worker_says() == ""


def test_a_beat_that_comes_back_gives_workers_time() -> None:
    cache.delete_many([heartbeat.BEAT, *map(heartbeat.queue_key, heartbeat.queues())])
    heartbeat.show_beat()
    assert worker_says() == ""


@pytest.mark.usefixtures("_beat")
def test_what_beat_sends_leaves_the_workers_sign_and_neither_a_result_nor_a_line() -> None:
    heartbeat._next.clear()
    HeartbeatScheduler(app=current_app).tick()
    deadline = time.monotonic() + 10
    while heartbeat.silent_queues():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # Whatever else it does with that task, it does before the next one.
    finished(child.delay().id)
    assert not TaskResult.objects.filter(task_name=do_nothing.name).exists()
    stored = "".join(file.read_text() for file in Path(settings.LOG_DIR).glob("*.log"))
    assert child.name in stored
    assert do_nothing.name not in stored
