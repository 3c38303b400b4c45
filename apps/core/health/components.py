"""The components of /readyz and /healthz. A component is a function that raises if it is unhealthy.

To add one, write a function and name it in ALL, or in READY if requests cannot be served without it.
"""

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

# Questions to workers: is one alive, what does each run, and what do the busy ones consume? The timeouts (seconds) fit
# into the deadline of all components. One reply ends the wait for the first; each reply to the second starts the wait
# again; the third waits for as many replies as there are busy workers.
_PING: dict[str, Any] = {"command": "ping", "limit": 1, "timeout": 0.2}
# A worker that is just starting hears only what is asked after it has subscribed; one with much to do takes its time.
_PING_AGAIN = _PING | {"timeout": 0.5}
_ACTIVE: dict[str, Any] = {"command": "active", "timeout": 0.3}
_ACTIVE_QUEUES: dict[str, Any] = {"command": "active_queues", "timeout": 0.5}


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
        # Migrations stay applied, so do not ask again.
        _seen["migrated"] = True


def _unknown_migrations(loader: MigrationLoader) -> list[str]:
    """Return applied migrations without a file, of the apps that have migrations in this code."""
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
    # A question through an unavailable broker would hang.
    redis()
    silent = heartbeat.silent_queues()
    if silent:
        running = _ask_workers(_ACTIVE) or _ask_workers(_ACTIVE)
    else:
        running = _ask_workers(_PING) or _ask_workers(_PING_AGAIN)
    if not running:
        raise DownError("no worker answers")
    if silent and (unserved := sorted(set(silent) - _queues_of_busy_workers(running))):
        raise DownError(f"no worker takes tasks of: {', '.join(unserved)}")


def _queues_of_busy_workers(running: list[dict[str, Any]]) -> set[str]:
    # A busy worker runs no other task, and is healthy.
    busy = [name for answer in running for name, tasks in answer.items() if tasks]
    served = _ask_workers(_ACTIVE_QUEUES | {"destination": busy, "limit": len(busy)}) if busy else []
    if busy and not served:
        raise DownError("no worker answers")
    return {queue["name"] for answer in served for found in answer.values() for queue in found}


def _ask_workers(question: dict[str, Any]) -> list[dict[str, Any]]:
    # A kept connection breaks when Redis restarts, and one that still waits misses the next reply. So each question
    # has its own; it polls in short intervals, so that it can be closed soon.
    with current_app.connection_for_write(transport_options={"polling_interval": 0.01}) as connection:
        return current_app.control.broadcast(**question, reply=True, connection=connection) or []


def beat() -> None:
    if redis_cache.get(heartbeat.BEAT) is None:
        raise DownError("no heartbeat")


_seen: dict[str, bool] = {}
READY: tuple[Component, ...] = (postgres, migrations)
ALL: tuple[Component, ...] = (postgres, migrations, redis, worker, beat)
