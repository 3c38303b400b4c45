"""Two deliveries of one task: one after the other, at the same time, and after a failure or a death."""

import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction

from apps.core.background.idempotency import once
from apps.core.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)
mails: list[str] = []


@pytest.fixture(autouse=True)
def _empty_mailbox() -> None:
    mails.clear()


def send(key: str = "welcome:1") -> None:
    with once(key) as first:
        if first:
            mails.append(key)


def test_a_second_delivery_does_nothing() -> None:
    send()
    send()
    assert mails == ["welcome:1"]


def test_another_occasion_is_another_effect() -> None:
    send("welcome:1")
    send("welcome:2")
    assert mails == ["welcome:1", "welcome:2"]


def test_a_delivery_at_the_same_time_waits_and_does_nothing() -> None:
    def deliver() -> None:
        try:
            send()
        finally:
            connection.close()

    other = threading.Thread(target=deliver)
    with once("welcome:1") as first:
        other.start()
        other.join(0.1)
        assert other.is_alive(), "it waits for the outcome"
        assert first
        mails.append("welcome:1")
    other.join(5)
    assert mails == ["welcome:1"]


def test_after_a_failure_the_retry_does_it() -> None:
    with suppress(ConnectionError), once("welcome:1"):
        raise ConnectionError
    send()
    assert mails == ["welcome:1"]


def test_when_the_connection_dies_inside_the_next_delivery_does_it_at_once() -> None:
    def die() -> None:
        with suppress(Exception), once("welcome:1"):
            connection.close()

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(5)
    send()
    assert mails == ["welcome:1"]


def test_what_the_block_writes_is_kept_or_undone_with_the_key() -> None:
    with suppress(ConnectionError), once("welcome:1"):
        Effect.objects.create(key="written inside")
        raise ConnectionError
    assert not Effect.objects.exists()


def test_inside_another_transaction_it_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send()
