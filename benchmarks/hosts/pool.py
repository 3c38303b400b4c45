"""More clients than connections: everything at the same time, through a small pool of PgBouncer."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from benchmarks.hosts import network
from benchmarks.hosts.servers import POOL_SIZE
from benchmarks.hosts.site import WEBS, Site, say, until
from benchmarks.hosts.walk import Walker

CLIENTS = 40
# Threads of each process of web, of which there are four: with workers and beats 40 clients of the pool.
THREADS = 8
ITERATORS = 12
# Rows of chunks, in threads with a connection each; prints how many threads got all rows.
_ITERATE = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from apps.users.models import CustomUser
def count(_):
    try:
        return sum(1 for _ in CustomUser.objects.order_by("pk").iterator(chunk_size=100))
    except Exception as error:
        return type(error).__name__ + ": " + str(error).splitlines()[0]
    finally:
        connection.close()
expected = CustomUser.objects.count()
with ThreadPoolExecutor({threads}) as pool:
    counts = list(pool.map(count, range({threads})))
print("complete:", sum(found == expected for found in counts))
print("error:", next((found for found in counts if found != expected), ""))
"""


def run(site: Site) -> dict[str, Any]:
    """Use everything at the same time, and return what failed and how many connections there were."""
    with site.servers.postgres() as connection:
        connection.execute(
            "UPDATE users_customuser SET is_staff = true, is_superuser = true WHERE email ~ '^user001[0-9]{2}@'"
        )
    for web in WEBS:
        site.containers.stop(web)
        site.start(web, WEB_THREADS=str(THREADS))
    until(lambda: all(map(site.is_ready, WEBS)) and site.is_serving(), "web with more threads")
    with _watched(site) as seen:
        say(f"pool: {CLIENTS} clients ask everything; meanwhile 2,000 more accounts")
        with ThreadPoolExecutor(CLIENTS, initializer=network.enter, initargs=("client",)) as pool:
            walks = [pool.submit(_walk, site, number) for number in range(101, 101 + CLIENTS)]
            site.containers.run("worker1", "manage", "seed", "--users", "4000", "--force")
            answers = [walk.result() for walk in walks]
        say("pool: iterators")
        pooled = _iterate(site, pooled=True)
    ((accounts,),) = site.servers.query("SELECT count(*) FROM users_customuser WHERE email ~ '^user[0-9]+@'")
    return {
        "pool": POOL_SIZE,
        "clients": CLIENTS,
        "operations": len({operation for found in answers for operation in found}),
        "answers": sum(len(found) for found in answers),
        "failed": sorted(
            {f"{what}: {status}" for found in answers for what, status in found.items() if _is_bad(status)}
        ),
        "accounts seeded": accounts,
        **seen,
        "iterators": ITERATORS,
        "iterators that were complete": pooled,
        "the same with DATABASE_POOLED=False": _iterate(site, pooled=False),
    }


def problems(found: dict[str, Any]) -> list[str]:
    """Return what is otherwise than promised."""
    wrong = [f"pool: {failure}" for failure in found["failed"]]
    if found["most connections of the pool"] > POOL_SIZE or found["most clients of the pool"] <= POOL_SIZE:
        wrong.append("pool: its limit was not kept, or not reached")
    if found["iterators that were complete"]["complete"] != ITERATORS:
        wrong.append(f"pool: iterators failed: {found['iterators that were complete']}")
    if found["the same with DATABASE_POOLED=False"]["complete"] == ITERATORS:
        wrong.append("pool: iterators work without DATABASE_POOLED, so it shows nothing")
    return wrong


def _is_bad(status: int) -> bool:
    return not 200 <= status < 400  # noqa: PLR2004 - HTTP


def _walk(site: Site, number: int) -> dict[str, int]:
    walker = Walker(network.address("proxy"), f"user{number:05}@example.com", site.password)
    return walker.operations() | walker.admin()


def _iterate(site: Site, *, pooled: bool) -> dict[str, Any]:
    script = _ITERATE.format(threads=ITERATORS)
    words = ("manage", "shell", "--verbosity=0", "--command", script)
    said = site.containers.run("worker1", *words, DATABASE_POOLED=str(pooled))
    lines = dict(line.split(": ", 1) for line in said.splitlines() if line.startswith(("complete: ", "error: ")))
    return {"complete": int(lines["complete"]), "error": lines.get("error", "")}


@contextmanager
def _watched(site: Site) -> Iterator[dict[str, int]]:
    """Look at the pool and at Postgres' sessions meanwhile; give the largest numbers."""
    seen = {"most connections of the pool": 0, "most sessions of Postgres": 0, "most clients of the pool": 0}
    ended = Event()

    def watch() -> None:
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{network.address('pool')}'"  # noqa: S608
        while not ended.wait(0.05):
            rows = site.servers.pool()
            servers = sum(value for row in rows for name, value in row.items() if name.startswith("sv_"))
            clients = sum(row["cl_active"] + row["cl_waiting"] for row in rows)
            ((count,),) = site.servers.query(sessions)
            for name, value in zip(seen, (servers, count, clients), strict=True):
                seen[name] = max(seen[name], value)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        time.sleep(0.2)
        ended.set()
        thread.join()
