import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from apps.core import health, probe
from apps.core.beat import HEARTBEAT, LIFETIME, HeartbeatScheduler


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    cache.delete(HEARTBEAT)
    probe.forget()


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
    monkeypatch.setattr(health, "_seen", {})
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    with pytest.raises(probe.DownError):
        health.migrations()
    MigrationRecorder(connection).record_applied("sessions", "0001_initial")
    health.migrations()
    assert health._seen == {"migrated": True}


@pytest.mark.django_db
def test_healthz_names_what_is_down(client: Client) -> None:
    response = client.get("/healthz")
    components = response.json()["components"]
    assert (response.status_code, response.json()["status"]) == (503, "down")
    assert {name: answer["ok"] for name, answer in components.items()} == {
        "postgres": True,
        "migrations": True,
        "redis": True,
        "worker": False,
        "beat": False,
    }
    assert components["worker"]["error"] == "no worker answers"
    assert all(answer["ms"] >= 0 for answer in components.values())


# The scheduler closes old connections, which would end a test's own transaction.
@pytest.mark.django_db(transaction=True)
def test_a_tick_of_beat_is_its_heartbeat_and_fades() -> None:
    HeartbeatScheduler(app=current_app).tick()
    health.beat()
    assert 0 < cache._cache.get_client().pttl(cache.make_key(HEARTBEAT)) <= LIFETIME * 1000


@pytest.mark.django_db(transaction=True)
def test_beat_bears_a_redis_that_is_away(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    location = "unix:///nowhere/redis.sock"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": location}}
    scheduler = HeartbeatScheduler(app=current_app)
    scheduler.tick()
    scheduler.tick()
    assert caplog.messages.count("Redis is away: no heartbeat") == 1
