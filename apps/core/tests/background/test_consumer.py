"""How a worker's consumer is put together."""

from typing import Any

import pytest
from celery import current_app

from apps.core.background.consumer import PromptConsumer

# Of a worker whose user is root.
pytestmark = pytest.mark.filterwarnings("ignore::celery.exceptions.SecurityWarning")
SENDS_EVENTS = {"Heart", "Gossip"}


def parts(consumer: Any) -> set[str]:
    # As `celery worker` makes it without options; nothing is started.
    worker = current_app.Worker(pool="solo", consumer_cls=consumer)
    return {step.name.rpartition(".")[2] for step in worker.consumer.steps}


def test_a_worker_sends_no_events_since_its_main_loop_would_wait_for_redis_to_take_one() -> None:
    assert parts("celery.worker.consumer:Consumer") >= SENDS_EVENTS
    assert not parts(PromptConsumer) & SENDS_EVENTS
    assert parts(PromptConsumer) >= {"Tasks", "Control"}
