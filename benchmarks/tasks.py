"""Tasks a second of a worker with two processes: Celery as it comes, ours, and ours with results stored.

Each round queues tasks that do nothing, starts a worker, and takes the time from the first task that is taken to
the last that is done. The rounds of the kinds alternate, so that a noisy machine disturbs all of them alike.
"""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from importlib import import_module

from psycopg import connect
from redis import Redis

from checkout import paths, queues, servers

ROUNDS = 3
TASKS = 1000
DATABASE = "bench"
# The same process count, and for all of them no neighbours to look for.
WORKER = ("worker", "--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle")
# Kind: application, task, queue.
KINDS = {
    "stock Celery, no results": ("benchmarks.stock", "noop", "celery"),
    "ours, no results": ("benchmarks.ours", "noop", "default"),
    "ours, results stored": ("benchmarks.ours", "noop_with_result", "default"),
}


def main() -> None:
    """Measure, and print a table."""
    prepare()
    speeds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with closing(Redis.from_url(servers.redis_url("broker", offset=3))) as redis:
        for _ in range(ROUNDS):
            for kind, (application, task, queue) in KINDS.items():
                speeds[kind].append(speed(redis, application, task, queue))
    stock = statistics.median(speeds["stock Celery, no results"])
    for kind, measured in speeds.items():
        median = statistics.median(measured)
        spread = f"{min(measured):.0f} to {max(measured):.0f}"
        print(f"{kind:28} {median:6.0f} tasks/s   {median / stock:4.2f} of stock   ({spread}, {ROUNDS} rounds)")


def prepare() -> None:
    """Give the application settings of its own: the tests' Redis databases, and a Postgres database for results."""
    with connect(host=str(paths.RUNTIME), user=servers.POSTGRES_USER, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    os.environ |= {
        "ENVIRONMENT": "test",
        "TEST_DATABASE_URL": f"postgres://{servers.POSTGRES_USER}@/{DATABASE}?host={paths.RUNTIME}",
        "BENCH_BROKER_URL": servers.redis_url("broker", offset=3, scheme="redis+socket"),
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], check=True)


def speed(redis: Redis, application: str, task: str, queue: str) -> float:
    """Return the tasks a second of one round."""
    redis.flushdb()
    noop = getattr(import_module(application), task)
    for _ in range(TASKS):
        noop.apply_async()
    command = [sys.executable, "-m", "celery", "--quiet", "-A", application, *WORKER]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: redis.llen(queue) < TASKS)
        started = time.monotonic()
        wait(lambda: redis.llen(queue) + queues.lengths(redis, [queue]).unacknowledged == 0)
        return TASKS / (time.monotonic() - started)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


def wait(condition: Callable[[], bool]) -> None:
    """Ask every 5 ms; two minutes are more than any round needs."""
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("a worker did not finish in two minutes")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
