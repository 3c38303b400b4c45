"""In one process, as runserver is; several are put together in tests of whole stacks."""

import socket
import time
from collections.abc import Iterator
from importlib import reload

import pytest
import requests
from celery import current_app
from django.test import Client
from django.urls import clear_url_caches, reverse
from prometheus_client import REGISTRY
from pytest_django import Settings

from apps.core.background.broker.storage import COUNTS
from apps.core.observability.metrics import schedules, server
from apps.core.observability.metrics.exposition import exposition
from apps.core.observability.metrics.requests import count_request, login_failures
from apps.core.observability.metrics.tasks import observe_wait
from apps.core.signals import request_served
from apps.core.tasks import measure_wait
from conf import urls

TOKEN = "the-metrics-are-for-prometheus"
LINE = {
    "method": "GET",
    "route": "api/v1/core/ping/",
    "status": 200,
    "duration_ms": 12.0,
    "queries": 2,
    "query_ms": 4.0,
}


@pytest.fixture
def _metrics_are_on(settings: Settings) -> Iterator[None]:
    settings.METRICS_TOKEN = TOKEN
    reload(urls)
    clear_url_caches()
    yield
    settings.METRICS_TOKEN = ""
    reload(urls)
    clear_url_caches()


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_off_there_is_nothing_at_the_path(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.usefixtures("_metrics_are_on")
@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", TOKEN, f"Bearer {TOKEN} ", "Bearer ünïcödé"])
def test_without_the_token_nobody_may_read(client: Client, sent: str) -> None:
    assert client.get("/metrics", headers={"authorization": sent}).status_code == 401


@pytest.mark.usefixtures("_metrics_are_on")
def test_with_the_token_prometheus_reads_requests_and_queues(client: Client) -> None:
    count_request(LINE)
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'http_request_duration_seconds_count{method="GET",route="api/v1/core/ping/",status="200"}' in answer.text
    assert 'celery_queue_length{queue="default"}' in answer.text


def test_a_request_is_counted_with_its_queries() -> None:
    labels = {"method": "GET", "route": "counted", "status": "200"}
    request_served.send(None, line=LINE | {"route": "counted"})
    assert sample("http_request_duration_seconds_count", **labels) == 1
    assert sample("http_request_duration_seconds_bucket", **labels, le="0.01") == 0
    assert sample("http_request_duration_seconds_bucket", **labels, le="0.025") == 1
    assert sample("http_request_queries_total", route="counted") == 2
    assert sample("http_request_query_seconds_total", route="counted") == 0.004


def test_what_a_client_makes_up_adds_no_label() -> None:
    count_request(LINE | {"method": "MAKEUP", "route": None, "status": 404})
    labels = {"method": "OTHER", "route": "unmatched", "status": "404"}
    assert sample("http_request_duration_seconds_count", **labels) >= 1


def test_a_request_that_was_refused_by_a_limit_is_counted() -> None:
    count_request(LINE | {"route": "limited", "status": 429})
    assert sample("http_requests_throttled_total", route="limited") == 1


@pytest.mark.django_db
def test_a_login_that_fails_is_counted(client: Client) -> None:
    before = login_failures._value.get()
    client.post(reverse("v1:users:knox_login"), {"email": "a@example.com", "password": "x"}, "application/json")
    assert login_failures._value.get() == before + 1


def test_leases_and_what_waits_for_its_time_are_counted() -> None:
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client
        client.flushdb()
        client.hset(COUNTS, mapping={"lost": 3, "leases_lost": 2})
        try:
            measure_wait.apply_async((0,), countdown=60)
            measure_wait.delay(0)
            connection.default_channel.basic_get("default")
            found = exposition().decode()
        finally:
            client.flushdb()
    for line in (
        "celery_tasks_delayed 1.0",
        "celery_tasks_unacknowledged 1.0",
        "celery_leases 1.0",
        "celery_tasks_lost_total 3.0",
        "celery_leases_lost_total 2.0",
    ):
        assert line in found


@pytest.mark.parametrize("countdown", [0, 0.2])
def test_how_long_a_task_waited_for_a_worker_is_counted_by_queue(countdown: float) -> None:
    before = (
        sample("celery_task_wait_seconds_count", queue="mail"),
        sample("celery_task_wait_seconds_sum", queue="mail"),
    )
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
        measure_wait.apply_async((0,), queue="mail", countdown=countdown)
        time.sleep(0.5)
        message = connection.default_channel.basic_get("mail")
        measure_wait.push_request(properties=message.properties, delivery_info=message.delivery_info)
        try:
            observe_wait(task=measure_wait)
        finally:
            measure_wait.pop_request()
            message.ack()
    assert sample("celery_task_wait_seconds_count", queue="mail") == before[0] + 1
    # The time until it was due does not count.
    waited = sample("celery_task_wait_seconds_sum", queue="mail") - before[1]
    assert 0.5 - countdown <= waited < 0.5 - countdown + 0.2


def test_queues_tell_how_much_waits() -> None:
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client
        client.delete("default")
        client.lpush("default", "waits", "waits")
        try:
            assert b'celery_queue_length{queue="default"} 2.0' in exposition()
        finally:
            client.delete("default")


def test_a_program_without_requests_answers_on_a_port_of_its_own(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    with socket.socket() as found:
        found.bind(("", 0))
        port = found.getsockname()[1]
    server.serve(port, path="metrics")
    answers = {
        (path, token): requests.get(
            f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
        for path, token in (("/metrics", TOKEN), ("/metrics", "guessed"), ("/", TOKEN))
    }
    assert [answer.status_code for answer in answers.values()] == [200, 401, 404]
    assert "celery_queue_length" in answers["/metrics", TOKEN].text
    with pytest.raises(OSError, match="in use"):
        server.serve(port, path="metrics")


def test_what_beat_sends_is_counted() -> None:
    before = sample("celery_beat_tasks_total", task="apps.core.tasks.do_nothing")
    schedules.count_sent("apps.core.tasks.do_nothing")
    assert sample("celery_beat_tasks_total", task="apps.core.tasks.do_nothing") == before + 1
