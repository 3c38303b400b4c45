"""Whatever a task returns or raises: its row ends in a state that is true, and can be read."""

import json
import time
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from celery import chain, chord, group, shared_task, states
from celery.exceptions import Ignore, Reject
from django.urls import reverse
from django_celery_results.models import ChordCounter, TaskResult
from rest_framework.test import APIClient

from apps.core.background.rerun import run_again
from apps.core.models import FailedTask, StartedTask
from apps.core.tasks import BaseTaskWithRetry
from apps.core.tests.helpers import log_in, make_user
from apps.core.tests.worker import WITH_A_WORKER, finished

pytestmark = WITH_A_WORKER
runs: list[Any] = []
AT_ONCE: Any = {"base": BaseTaskWithRetry, "retry_backoff": False, "default_retry_delay": 0}


class UnpicklableError(Exception):
    """As exceptions of C libraries are: it holds what cannot be pickled, and takes other arguments than it keeps."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(lambda: None)


RESULTS: dict[str, Any] = {
    "nan": float("nan"),
    "infinity": {"a": [float("-inf")]},
    "decimal": Decimal("NaN"),
    "bytes": b"\xff\xfe",
    "surrogate": ["\ud800"],
    "key": {"\udfff": 1},
    "type": {"a": {"__type__": "datetime", "__value__": "no"}},
    "number": 10**5000,
    "set": {1},
    "object": object(),
}
ERRORS: dict[str, Exception] = {
    "nul": ValueError("a\0b"),
    "surrogate": ValueError("\ud800"),
    "unpicklable": UnpicklableError("a", "b"),
    "memory": MemoryError("too much"),
    "bytes": KeyError(b"\xff"),
}


@shared_task(base=BaseTaskWithRetry, name="tests.returns", max_retries=0)
def returns(kind: str) -> Any:
    return RESULTS.get(kind, kind)


@shared_task(base=BaseTaskWithRetry, name="tests.raises", max_retries=0)
def raises(kind: str) -> None:
    raise ERRORS[kind]


@shared_task(**AT_ONCE, name="tests.raises_once", ignore_result=True)
def raises_once() -> None:
    runs.append("once")
    if len(runs) == 1:
        raise ValueError


@shared_task(base=BaseTaskWithRetry, name="tests.ignores")
def ignores() -> None:
    raise Ignore


@shared_task(base=BaseTaskWithRetry, name="tests.rejects")
def rejects() -> None:
    raise Reject("no", requeue=False)


@shared_task(base=BaseTaskWithRetry, name="tests.echoes", max_retries=0)
def echoes(*args: Any, fail: bool = False) -> Any:
    runs.append(args)
    if fail:
        raise ValueError
    return list(args)


@shared_task(base=BaseTaskWithRetry, name="tests.silent", ignore_result=True)
def silent(value: int) -> int:
    return value


@pytest.fixture(autouse=True)
def _nothing_has_run() -> None:
    runs.clear()


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_that_cannot_be_read_again_is_a_failure_that_says_why(kind: str) -> None:
    result = finished(returns.delay(kind).id)

    assert result.state == states.FAILURE
    assert "EncodeError" in result.traceback
    assert json.loads(TaskResult.objects.get().result)["exc_type"] in {"EncodeError", "ValueError"}


@pytest.mark.parametrize("value", ["\0", "text", "\\ud800", {"a": [1, None, True]}, [1.5]])
def test_a_result_that_json_can_say_is_stored(value: Any) -> None:
    assert finished(returns.delay(value).id if isinstance(value, str) else echoes.delay(value).id).state == "SUCCESS"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "stored", ["NaN", "{", '{"__type__": "datetime", "__value__": "no"}', '"\\ud800"', "[1", "\ufeff1"]
)
@pytest.mark.parametrize("state", [states.SUCCESS, states.FAILURE, states.RETRY])
def test_no_row_whatever_it_holds_breaks_the_answer(stored: str, state: str) -> None:
    client, user = APIClient(raise_request_exception=False), make_user()
    log_in(client, user)
    started = StartedTask.objects.create(id=uuid4(), user=user, name="any")
    TaskResult.objects.create(task_id=str(started.pk), status=state, result=stored)

    answer = client.get(reverse("v1:core:task", args=[started.pk]))

    assert answer.status_code == 200
    assert (answer.json()["result"], answer.json()["error"]) == (None, "UnreadableResult")


@pytest.mark.parametrize("kind", ERRORS)
def test_the_kind_of_an_exception_is_reported_whatever_it_holds(kind: str) -> None:
    result = finished(raises.delay(kind).id)

    row = TaskResult.objects.get()
    assert result.state == row.status == states.FAILURE
    assert json.loads(row.result)["exc_type"] == type(ERRORS[kind]).__name__
    assert type(ERRORS[kind]).__name__ in row.traceback


def test_a_task_without_a_result_that_succeeds_at_the_second_try_leaves_no_row_of_a_retry() -> None:
    raises_once.delay()
    deadline = time.monotonic() + 10
    while len(runs) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    finished(returns.delay("after it").id)

    assert TaskResult.objects.filter(task_name="tests.raises_once").count() == 0


def test_an_ignored_task_ends_as_ignored_and_a_rejected_one_as_failed() -> None:
    ids = [ignores.delay().id, rejects.delay().id]
    finished(returns.delay("after it").id)

    assert [TaskResult.objects.get(task_id=task_id).status for task_id in ids] == [states.IGNORED, states.FAILURE]


def test_a_failed_task_runs_again_with_exactly_what_it_ran_with() -> None:
    arguments = ["C:\\new", "a" * 3000, "\0", {"a": {"b": {"c": {"d": [1.5]}}}}]
    failed = finished(echoes.delay(*arguments, fail=True).id)
    assert json.loads(FailedTask.objects.get().arguments) == [arguments, {"fail": True}]

    run_again(result=TaskResult.objects.get(task_id=failed.id))
    finished(returns.delay("after it").id)

    assert runs == [tuple(arguments)] * 2


def test_the_body_of_a_chord_runs_once_though_a_part_is_delivered_twice_or_stores_no_result() -> None:
    header = [echoes.s(1), silent.s(2), echoes.s(3).set(task_id="twice"), echoes.s(4).set(task_id="twice")]
    body = chord(header[:2] + header[2:3])(echoes.s())

    assert finished(body.id).result == [[[1], 2, [3]]]
    assert not ChordCounter.objects.exists()
    # What a second delivery does, late.
    request = type("Request", (), {"id": "twice", "group": "gone", "chord": None})()
    returns.backend.on_chord_part_return(request, states.SUCCESS, 3)


def test_a_part_that_is_delivered_twice_before_the_others_end_does_not_send_the_body() -> None:
    header = returns.app.GroupResult("group-1", [returns.app.AsyncResult("part-1"), returns.app.AsyncResult("part-2")])
    backend = returns.backend
    backend.apply_chord(header, {})
    body = echoes.s().set(task_id="body-1")
    part = type("Request", (), {"id": "part-1", "group": "group-1", "chord": dict(body)})()
    other = type("Request", (), {"id": "part-2", "group": "group-1", "chord": dict(body)})()

    for _ in range(3):
        backend.on_chord_part_return(part, states.SUCCESS, 1)
    assert ChordCounter.objects.count() == 1
    backend.on_chord_part_return(other, states.SUCCESS, 2)

    assert finished("body-1").result == [[1, 2]]


def test_a_chord_with_a_part_that_fails_has_failed() -> None:
    body = chord([echoes.s(1), echoes.s(2, fail=True)])(echoes.s())

    result = finished(body.id)
    assert result.state == states.FAILURE
    assert "ChordError" in str(TaskResult.objects.get(task_id=body.id).result)


def test_chains_and_groups_run() -> None:
    assert finished(chain(echoes.s(1), echoes.s(), echoes.s()).delay().id).result == [[[1]]]
    parts = group(echoes.s(1), silent.s(2)).delay()
    assert finished(parts.results[0].id).result == [1]
