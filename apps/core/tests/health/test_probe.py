from collections.abc import Iterator
from threading import Event
from time import monotonic

import pytest

from apps.core.health import probe


@pytest.fixture(autouse=True)
def _short_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.2)
    probe.forget()


@pytest.fixture
def released() -> Iterator[Event]:
    """What hangs in a test ends with it."""
    event = Event()
    yield event
    event.set()


def test_what_hangs_is_down_and_does_not_hold_up_the_answer(released: Event) -> None:
    def hangs() -> None:
        released.wait(10)

    def works() -> None:
        pass

    started = monotonic()
    answers = probe.check((hangs, works))
    assert monotonic() - started < 5
    assert (answers["hangs"]["ok"], answers["works"]["ok"]) == (False, True)
    assert answers["hangs"]["error"] == "no answer in time"


def test_what_hangs_is_not_asked_again_until_it_has_answered(released: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "CACHE_SECONDS", 0.0)
    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 0.02)
    asked = []

    def hangs() -> None:
        asked.append(1)
        released.wait(10)

    for _ in range(3):
        assert not probe.check((hangs,))["hangs"]["ok"]
    assert len(asked) == 1
    released.set()
    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 5)
    assert probe.check((hangs,))["hangs"]["ok"]


def test_an_answer_is_good_for_a_while_and_then_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counts() -> None:
        asked.append(1)

    monkeypatch.setattr(probe, "CACHE_SECONDS", 3600.0)
    for _ in range(3):
        probe.check((counts,))
    assert len(asked) == 1
    monkeypatch.setattr(probe, "CACHE_SECONDS", 0.0)
    probe.check((counts,))
    assert len(asked) == 2


def test_a_failure_is_asked_again_sooner_than_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fails_once() -> None:
        asked.append(1)
        if len(asked) == 1:
            raise probe.DownError("not yet")

    monkeypatch.setattr(probe, "CACHE_SECONDS", 3600.0)
    monkeypatch.setattr(probe, "FAILURE_CACHE_SECONDS", 0.0)
    assert [probe.check((fails_once,))["fails_once"]["ok"] for _ in range(3)] == [False, True, True]
    assert len(asked) == 2


def test_an_error_tells_its_kind_and_no_secret() -> None:
    def broken() -> None:
        raise ConnectionError("postgres://user:secret@host")

    assert probe.check((broken,))["broken"]["error"] == "ConnectionError"
