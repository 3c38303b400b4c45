"""Is it alive, is it ready, is all of it healthy? Plain views: no authentication, no throttle, no secrets.

Each component is asked in a thread of its own, for a server that hangs would hang the answer. The threads are
few and shared: a component that hangs for long fills its own places, and is reported as down all the while.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from time import monotonic
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

# Seconds, for all components together.
DEADLINE = 1.0
_WORKER_TIMEOUT = 0.7


class DownError(Exception):
    """A component said no; the text is for the answer, and holds no secret."""


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
READY: tuple[Callable[[], None], ...] = (postgres, migrations)
ALL: tuple[Callable[[], None], ...] = (postgres, migrations, redis, worker, beat)


def check(components: tuple[Callable[[], None], ...]) -> dict[str, dict[str, Any]]:
    """Ask all components at once; return for each whether it is ok, and how long that took."""
    end = monotonic() + DEADLINE
    asked = {component.__name__: _threads().submit(_ask, component) for component in components}
    return {name: _answer(future, end) for name, future in asked.items()}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=3 * len(ALL), thread_name_prefix="health")


def _ask(component: Callable[[], None]) -> dict[str, Any]:
    started = monotonic()
    try:
        component()
    except DownError as down:
        error = str(down)
    except Exception as unforeseen:  # noqa: BLE001 - whatever it was, the component is down
        error = type(unforeseen).__name__
    else:
        error = ""
    finally:
        # A thread's connection would outlive the answer; a new one says more about Postgres anyway.
        connection.close()
    answer: dict[str, Any] = {"ok": not error, "ms": round((monotonic() - started) * 1000, 1)}
    return answer | ({"error": error} if error else {})


def _answer(future: "Future[dict[str, Any]]", end: float) -> dict[str, Any]:
    try:
        return future.result(timeout=max(0.0, end - monotonic()))
    except TimeoutError:
        future.cancel()
        return {"ok": False, "ms": DEADLINE * 1000, "error": "no answer in time"}


def _respond(components: tuple[Callable[[], None], ...]) -> JsonResponse:
    answers = check(components)
    well = all(answer["ok"] for answer in answers.values())
    return JsonResponse({"status": "ok" if well else "down", "components": answers}, status=200 if well else 503)


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
