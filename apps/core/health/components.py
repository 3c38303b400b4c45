"""Is it alive, is it ready, is all of it healthy? Plain views: no authentication, no throttle, no secrets."""

from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache as redis_cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from apps.core.health import heartbeat
from apps.core.health.probe import Component, DownError
from apps.core.throttling.limiter import limiter

# What to ask workers: does one live, or what does each of them run? Seconds, within those that all components have
# together: one answer ends the wait; for more it begins anew with each.
_DOES_ONE_LIVE: dict[str, Any] = {"command": "ping", "limit": 1, "timeout": 0.7}
_WHAT_RUNS: dict[str, Any] = {"command": "active", "timeout": 0.4}


def postgres() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    if not _seen.get("migrated"):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise DownError("migrations are missing")
        # In production a newer version may have migrated while this one still serves.
        if settings.DEVELOPMENT and (unknown := _unknown_migrations(executor.loader)):
            raise DownError(
                f"migrations are applied that are unknown to this code: {', '.join(unknown)}. Go back to the code that"
                " has them, or take them back there (just migrate APP NUMBER), or start over: just reset"
            )
        # They do not unapply themselves: ask no more.
        _seen["migrated"] = True


def _unknown_migrations(loader: MigrationLoader) -> list[str]:
    """Return what the database has and the files do not, of the apps that have migrations here."""
    known = {*loader.disk_migrations, *loader.replacements}
    replaced = {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    return [
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in known | replaced
    ]


def redis() -> None:
    limiter().client.ping()


def worker() -> None:
    # Without this, asking through a broker that is away would hang.
    redis()
    taken = heartbeat.tasks_are_taken()
    answers = _ask_workers(_DOES_ONE_LIVE if taken else _WHAT_RUNS)
    if not answers:
        raise DownError("no worker answers")
    # One that is busy takes none, and is well.
    if not taken and not any(running for answer in answers for running in answer.values()):
        raise DownError("no worker takes tasks")


def _ask_workers(question: dict[str, Any]) -> list[dict[str, Any]]:
    # A connection that is kept breaks with a Redis that restarts, and one that was left waiting misses the next answer.
    # So each question has its own; to be closed soon, it waits in small pieces.
    with current_app.connection_for_write(transport_options={"polling_interval": 0.01}) as connection:
        return current_app.control.broadcast(**question, reply=True, connection=connection) or []


def beat() -> None:
    if redis_cache.get(heartbeat.BEAT) is None:
        raise DownError("no heartbeat")


_seen: dict[str, bool] = {}
READY: tuple[Component, ...] = (postgres, migrations)
ALL: tuple[Component, ...] = (postgres, migrations, redis, worker, beat)
