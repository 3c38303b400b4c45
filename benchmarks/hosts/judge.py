"""What is in the data afterwards of all that was acknowledged."""

from collections import Counter, defaultdict
from typing import Any

from benchmarks.hosts.site import WORKERS, Site, is_start, until


def data(site: Site, requests: list[dict[str, Any]]) -> dict[str, Any]:
    """Wait until the accepted tasks have ended, and compare answers with rows and logs."""
    good = [one for one in requests if 200 <= one["status"] < 300]  # noqa: PLR2004 - HTTP
    tasks = {one["value"] for one in good if one["kind"] == "task"}
    try:
        waited = until(lambda: not _unfinished(site, tasks), "the tasks", seconds=60)
    except TimeoutError:
        waited = 60.0
    starts = _starts(site)
    ticks, counted = _ticks(site)
    return {
        "requests": len(requests),
        "answered well": len(good),
        "writes": sum(one["kind"] == "write" for one in good),
        "writes lost": _lost_writes(site, good),
        "accounts": sum(one["kind"] == "create" for one in good),
        "accounts lost": len(_missing(site, "users_customuser", "email", _values(good, "create"))),
        "tasks": len(tasks),
        "tasks without their row": len(_missing(site, "core_startedtask", "id::text", tasks)),
        "tasks not done": len(_unfinished(site, tasks)),
        "seconds until the last task was done": round(waited, 1),
        "runs of a task": dict(Counter(starts[task] for task in tasks)),
        "occurrences claimed": counted,
        "occurrences done": len(ticks),
        "runs of an occurrence": dict(Counter(starts[task] for task in ticks)),
    }


def problems(found: dict[str, Any]) -> list[str]:
    """Return what was lost, or done twice without need."""
    wrong = [f"{found[name]} {name}" for name in ("writes lost", "accounts lost", "tasks not done") if found[name]]
    if found["tasks without their row"]:
        wrong.append(f"{found['tasks without their row']} tasks without their row")
    if found["occurrences done"] > found["occurrences claimed"]:
        wrong.append("occurrences of a schedule were sent twice")
    return wrong


def _values(requests: list[dict[str, Any]], kind: str) -> set[str]:
    return {one["value"] for one in requests if one["kind"] == kind}


def _lost_writes(site: Site, good: list[dict[str, Any]]) -> int:
    """Return how many accounts have an older value than the last one that was acknowledged."""
    acknowledged: dict[str, int] = defaultdict(int)
    for one in good:
        if one["kind"] == "write":
            acknowledged[one["who"]] = max(acknowledged[one["who"]], one["value"])
    rows = dict(site.servers.query("SELECT email, first_name FROM users_customuser WHERE first_name ~ '^[0-9]+$'"))
    return sum(int(rows.get(who, 0)) < value for who, value in acknowledged.items())


def _missing(site: Site, table: str, column: str, values: set[str]) -> set[str]:
    rows = site.servers.query(f"SELECT {column} FROM {table}")  # noqa: S608 - names of this module
    return values - {row[0] for row in rows}


def _unfinished(site: Site, tasks: set[str]) -> set[str]:
    rows = site.servers.query("SELECT task_id FROM django_celery_results_taskresult WHERE status = 'SUCCESS'")
    return tasks - {row[0] for row in rows}


def _ticks(site: Site) -> tuple[set[str], int]:
    """Return the tasks of the schedule that were done, and how often it was claimed."""
    done = (
        "SELECT task_id FROM django_celery_results_taskresult WHERE periodic_task_name = 'trial' AND status = 'SUCCESS'"
    )
    claimed = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'trial'"
    ((count,),) = site.servers.query(claimed)
    return {row[0] for row in site.servers.query(done)}, count


def _starts(site: Site) -> Counter[str]:
    return Counter(
        record["task_id"] for worker in WORKERS for record in site.containers.records(worker) if is_start(record)
    )
