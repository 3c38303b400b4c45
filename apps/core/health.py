"""Is it alive, is it ready, is all of it healthy? Plain views: no authentication, no throttle, no secrets."""

from typing import Any

from celery import current_app
from django.core.cache import cache as redis_cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.beat import HEARTBEAT
from apps.core.limiter import limiter
from apps.core.probe import Component, DownError, check

# Seconds, within those that all have together.
_WORKER_TIMEOUT = 0.7


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
    if not current_app.control.broadcast("ping", reply=True, limit=1, timeout=_WORKER_TIMEOUT):
        raise DownError("no worker answers")


def beat() -> None:
    if redis_cache.get(HEARTBEAT) is None:
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
@require_safe
def livez(_request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say whether requests can be served."""
    return _respond(READY)


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Say how each component is."""
    return _respond(ALL)
