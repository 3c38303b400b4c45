"""What is no task is put aside, once, and the worker goes on."""

import json
import time
from typing import Any

import pytest
from celery import current_app
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse
from django_celery_results.models import TaskResult
from rest_framework.test import APIClient

from apps.core.background import dead_letters
from apps.core.background.broker.storage import DEAD_LETTERS
from apps.core.models import DeadLetter
from apps.core.tasks import measure_wait
from apps.core.tests.helpers import make_user
from apps.core.tests.worker import WITH_A_WORKER, finished
from checkout.queues import lengths
from tests.harness.hostile_messages import hostile, message

pytestmark = WITH_A_WORKER


@pytest.fixture(autouse=True)
def _nothing_is_put_aside(worker: None) -> None:
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete(DEAD_LETTERS)


def put(*raw: bytes, queue: str = "default") -> None:
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.lpush(queue, *raw)


def taken() -> None:
    """Wait until the worker has looked at all that was put before."""
    finished(measure_wait.delay(time.time()).id)


def nothing_is_unacknowledged() -> bool:
    """Wait a moment: a task is acknowledged after its result is there."""
    with current_app.connection_for_read() as connection:
        for _ in range(100):
            if not lengths(connection.default_channel.client, []).unacknowledged:
                return True
            time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff\xfe\0", "It is not a JSON object."),
        (b"5", "It is not a JSON object."),
        (b"{}", "It has no delivery tag."),
        (json.dumps(message(properties={"delivery_tag": "a tag"})).encode(), "It has no delivery information."),
        (json.dumps(message()).encode().replace(b"utf-8", b"utf-\xff"), "It cannot be decoded."),
        (json.dumps(message(headers=None)).encode(), "Its headers name no task and id."),
        (json.dumps(message(headers={"id": 5, "task": "x"})).encode(), "Its headers name no task and id."),
        (json.dumps(message("{")).encode(), "Its body is not a list of arguments, keyword arguments and options."),
        (json.dumps(message("[1, 2, 3]")).encode(), "Its arguments are not a list"),
        (json.dumps(message(**{"content-type": "application/x-python-serialize"})).encode(), "Its content is not JSON"),
        (json.dumps(message(headers={"id": "x", "task": "gone.task"})).encode(), "There is no task gone.task."),
        (json.dumps(message(headers={"id": "x", "task": "t", "eta": "soon"})).encode(), "Its header 'eta' is none"),
    ],
)
def test_what_is_no_task_is_put_aside_with_its_bytes_and_the_reason(raw: bytes, reason: str) -> None:
    put(raw)
    taken()

    assert dead_letters.collect() == 1
    letter = DeadLetter.objects.get()
    assert letter.reason.startswith(reason)
    assert (letter.queue, bytes(letter.message)) == ("default", raw)
    assert nothing_is_unacknowledged()
    assert dead_letters.collect() == 0


def test_whoever_waits_for_a_task_that_the_code_does_not_have_learns_that_it_failed() -> None:
    put(json.dumps(message(headers={"id": "waited-for", "task": "gone.task"})).encode())

    assert finished("waited-for").state == "FAILURE"
    assert TaskResult.objects.get(task_id="waited-for").task_name == "gone.task"


def test_two_messages_of_one_delivery_tag_do_not_hide_each_other() -> None:
    first, second = message("{"), message("{")
    second["properties"]["delivery_tag"] = first["properties"]["delivery_tag"]
    put(json.dumps(first).encode(), json.dumps(second).encode())
    taken()

    assert dead_letters.collect() == 2


@pytest.mark.long
def test_tasks_between_hostile_messages_all_run_and_each_message_is_on_record() -> None:
    ids = []
    for seed in range(400):
        put(hostile(seed), queue="mail" if seed % 2 else "default")
        if seed % 10 == 0:
            ids.append(measure_wait.delay(time.time()).id)

    assert {finished(task_id).state for task_id in ids} == {"SUCCESS"}
    taken()
    dead_letters.collect()
    assert DeadLetter.objects.count() + TaskResult.objects.exclude(status="SUCCESS").count() >= 350
    assert nothing_is_unacknowledged()


def test_what_a_newer_version_sent_is_sent_again_in_the_admin() -> None:
    sent = message()
    put(json.dumps(sent | {"headers": sent["headers"] | {"task": "apps.core.tasks.measure_wait_v2"}}).encode())
    taken()
    dead_letters.collect()
    letter = DeadLetter.objects.get()
    # The code has it by now.
    letter.message = bytes(letter.message).replace(b"_v2", b"")
    letter.save()

    said = act(letter)

    assert said == []
    deadline = time.monotonic() + 10
    while current_app.AsyncResult(sent["headers"]["id"]).state != "SUCCESS":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not DeadLetter.objects.exists()


def test_what_is_no_message_is_not_sent_again() -> None:
    put(b"garbage")
    taken()
    dead_letters.collect()

    assert "it is no message" in act(DeadLetter.objects.get())[0]
    assert DeadLetter.objects.count() == 1


def act(letter: DeadLetter) -> list[str]:
    client = APIClient()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    data = {"action": "send_again", "_selected_action": [letter.pk]}
    answer = client.post(reverse("admin:core_deadletter_changelist"), data, format="multipart")
    return [str(found) for found in get_messages(answer.wsgi_request)]


def test_the_admin_and_just_tasks_show_what_was_put_aside(capsys: pytest.CaptureFixture[str]) -> None:
    put(b"\x1b[2J hostile \xff")
    taken()
    client = APIClient()
    client.force_login(make_user(is_staff=True, is_superuser=True))

    shown = client.get(reverse("admin:core_deadletter_changelist")).content.decode()
    assert "It is not a JSON object." in shown
    assert "\\x1b[2J hostile" in shown
    assert "\x1b" not in shown
    page: Any = client.get(reverse("admin:core_deadletter_change", args=[DeadLetter.objects.get().pk]))
    assert page.status_code == 200
    call_command("tasks")
    assert "It is not a JSON object." in capsys.readouterr().out
