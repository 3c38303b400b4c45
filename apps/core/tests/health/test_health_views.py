import json

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from apps.core.background.beat import HeartbeatScheduler
from apps.core.health import components, probe
from apps.core.health.heartbeat import BEAT, LIFETIME_SECONDS, queue_key
from apps.core.tasks import do_nothing


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    cache.delete_many([BEAT, queue_key("default"), queue_key("mail")])
    current_app.control.purge()
    probe.forget()


def queued() -> list[str]:
    """Return the names of the tasks that wait."""
    with current_app.connection_for_read() as connection:
        queue = connection.default_channel.client.lrange("default", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in queue]


def test_livez_asks_nobody(client: Client) -> None:
    # No access to the database in this test.
    response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-cache" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_wants_postgres_and_its_migrations(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert set(response.json()["components"]) == {"postgres", "migrations"}


@pytest.mark.django_db
def test_a_migration_that_is_missing_is_seen_and_its_absence_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_seen", {})
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    with pytest.raises(probe.DownError):
        components.migrations()
    MigrationRecorder(connection).record_applied("sessions", "0001_initial")
    components.migrations()
    assert components._seen == {"migrated": True}


@pytest.mark.django_db
def test_healthz_names_what_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(components._PING, "timeout", 0.1)
    response = client.get("/healthz")
    answers = response.json()["components"]
    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert {name: answer["ok"] for name, answer in answers.items()} == {
        "postgres": True,
        "migrations": True,
        "redis": True,
        "worker": False,
        "beat": False,
    }
    assert answers["worker"]["error"] == "no worker answers"
    assert all(answer["ms"] >= 0 for answer in answers.values())


@pytest.fixture
def scheduler(transactional_db: None) -> HeartbeatScheduler:
    """Beat, with nothing that is due. It closes old connections, which would end a test's own transaction."""
    PeriodicTask.objects.update(enabled=False)
    return HeartbeatScheduler(app=current_app)


def test_a_tick_of_beat_is_its_heartbeat_and_fades(scheduler: HeartbeatScheduler) -> None:
    scheduler.tick()
    components.beat()
    assert 0 < cache._cache.get_client().pttl(cache.make_key(BEAT)) <= LIFETIME_SECONDS * 1000


def test_beat_gives_workers_something_to_do_now_and_then_and_nothing_piles_up(
    scheduler: HeartbeatScheduler, settings: Settings
) -> None:
    settings.TASK_HEARTBEAT = 0
    for _ in range(3):
        scheduler.tick()
    assert queued() == [do_nothing.name]
    current_app.control.purge()
    scheduler.tick()
    assert queued() == [do_nothing.name]
    settings.TASK_HEARTBEAT = 3600
    current_app.control.purge()
    scheduler.tick()
    current_app.control.purge()
    scheduler.tick()
    assert queued() == []


def test_beat_bears_a_redis_that_is_away(
    scheduler: HeartbeatScheduler, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    location = "unix:///nowhere/redis.sock"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
    scheduler.tick()
    scheduler.tick()
    assert caplog.messages == ["Redis is unavailable: no heartbeat"]
