"""Is it alive, is it ready, is all of it healthy? Plain views: no authentication, no throttle, no secrets."""

from typing import Any

from celery import current_app
from django.core.cache import cache as redis_cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from apps.core import heartbeat
from apps.core.errors import read_only
from apps.core.limiter import limiter
from apps.core.probe import Component, DownError, check

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
        # They do not unapply themselves: ask no more.
        _seen["migrated"] = True


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


def _respond(components: tuple[Component, ...]) -> JsonResponse:
    answers: dict[str, dict[str, Any]] = check(components)
    well = all(answer["ok"] for answer in answers.values())
    response = JsonResponse({"status": "ok" if well else "down", "components": answers}, status=200 if well else 503)
    # The access line tells it; Django's own line would fill error.log for as long as something is down.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001
    return response


@never_cache
@read_only
def livez(_request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@read_only
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say whether requests can be served."""
    return _respond(READY)


@never_cache
@read_only
def healthz(_request: HttpRequest) -> JsonResponse:
    """Say how each component is."""
    return _respond(ALL)
