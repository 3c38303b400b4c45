import pytest
from celery import current_app
from django.core.checks import run_checks
from pytest_django import Settings

from apps.core.tasks import BaseTaskWithRetry


def ids() -> list[str]:
    return [message.id for message in run_checks()]


def test_the_settings_pass() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    "place", ["broker_transport_options", "result_backend_transport_options", "visibility_timeout"]
)
def test_a_visibility_timeout_below_the_time_limit_is_refused_wherever_it_is(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = current_app.conf[place]
    low = current_app.conf.task_time_limit
    monkeypatch.setitem(
        current_app.conf, place, {**value, "visibility_timeout": low} if isinstance(value, dict) else low
    )
    assert ids() == ["core.E001"]


def test_a_retry_that_waits_beyond_the_visibility_timeout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseTaskWithRetry, "retry_backoff_max", 600)
    assert ids() == ["core.E002"]


def test_a_cache_in_the_database_of_the_queue_is_refused(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://host:6379/1"
    settings.LIMITER_URL = "redis://host:6379/2"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://host:6379/1"}}
    assert ids() == ["core.E003"]
