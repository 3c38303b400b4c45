"""A new version replaces the old one, host by host, while a migration builds an index on 200,000 rows. Under load."""

import time
from threading import Thread
from typing import Any

from benchmarks.hosts import judge
from benchmarks.hosts.cuts import failures
from benchmarks.hosts.site import BEATS, WEBS, WORKERS, Site, read_requests, say, until

ROWS = 200_000
_MIGRATION = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("users", "{last}")]
    operations = [
        AddIndexConcurrently("customuser", models.Index(fields=["first_name", "last_name"], name="trial_names")),
        # Slower than any machine makes an index of this size.
        migrations.RunSQL("SELECT pg_sleep(10)", "SELECT 1"),
    ]
"""


def run(site: Site) -> dict[str, Any]:
    """Replace all containers, and return what failed and how long it took."""
    _fill(site)
    mounts = (_new_migration(site),)
    found: dict[str, Any] = {"rows": ROWS}
    with site.clients("rolling") as file:
        time.sleep(3)
        began = time.time()
        migration = Thread(target=_migrate, args=(site, mounts, found), daemon=True)
        migration.start()
        # In this order: what publishes tasks comes after what runs them.
        for host in (*WORKERS, *WEBS, *BEATS):
            say(f"rolling: {host}")
            found[f"seconds for {host}"] = _replace(site, host, mounts)
        migration.join()
        found["seconds"] = round(time.time() - began, 1)
        time.sleep(3)
    requests = read_requests(file)
    found["failed"] = failures(requests)
    found["slowest"] = round(max(one["took"] for one in requests), 2)
    return found | {"data": judge.data(site, requests)}


def problems(found: dict[str, Any]) -> list[str]:
    """Return what is otherwise than promised."""
    wrong = [f"rolling update: requests failed: {found['failed']}"] if found["failed"] else []
    data = found["data"]
    if data["occurrences done"] < data["occurrences claimed"] - len(BEATS):
        wrong.append("rolling update: occurrences of a schedule are missing")
    return wrong + [f"rolling update: {problem}" for problem in judge.problems(data)]


def _migrate(site: Site, mounts: tuple[str, ...], found: dict[str, Any]) -> None:
    began = time.time()
    site.containers.run("redis", "migrate", "--verbosity=0", mounts=mounts)
    found["seconds of the migration"] = round(time.time() - began, 1)


def _replace(site: Site, host: str, mounts: tuple[str, ...]) -> float:
    began = time.time()
    site.containers.stop(host)
    started = time.time()
    site.start(host, release="two", mounts=mounts)
    if host in WEBS:
        until(lambda: site.is_ready(host), host, seconds=120)
        # HAProxy needs two good checks before the other one may go.
        time.sleep(2)
    elif host in WORKERS:
        until(lambda: site.last_start(host) > started, host)
    else:
        until(lambda: site.sent_by(host) > 0, host)
    return round(time.time() - began, 1)


def _fill(site: Site) -> None:
    names = "SELECT column_name FROM information_schema.columns WHERE table_name = 'users_customuser'"
    columns = [name for (name,) in site.servers.query(names) if name != "id"]
    values = ["'row-' || number || '@example.com'" if name == "email" else name for name in columns]
    with site.servers.postgres() as connection:
        connection.execute(
            f"INSERT INTO users_customuser ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608 - its own names
            f" FROM generate_series(1, {ROWS}) number, users_customuser WHERE email = 'user00001@example.com'"
        )


def _new_migration(site: Site) -> str:
    ((last,),) = site.servers.query("SELECT name FROM django_migrations WHERE app = 'users' ORDER BY id DESC LIMIT 1")
    file = site.directory / "9999_trial.py"
    file.write_text(_MIGRATION.format(last=last))
    return f"{file}:/app/apps/users/migrations/{file.name}"
