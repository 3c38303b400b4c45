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
from typing import NamedTuple

from psycopg import connect
from redis import Redis

from checkout import paths, queues, servers

ROUNDS = 3
TASKS = 1000
DATABASE = "bench"
# The same process count, and for all of them no neighbours to look for.
WORKER = ("worker", "--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle")


class Kind(NamedTuple):
    application: str
    task: str
    queue: str
    leases: bool = True


class Round(NamedTuple):
    """Tasks a second, and the commands that Redis has executed for each task."""

    speed: float
    commands: float


STOCK = "stock Celery, no results"
KINDS = {
    STOCK: Kind("benchmarks.stock", "noop", "celery"),
    "ours, no results": Kind("benchmarks.ours", "noop", "default"),
    "ours with Kombu's transport": Kind("benchmarks.ours", "noop", "default", leases=False),
    "ours, results stored": Kind("benchmarks.ours", "noop_with_result", "default"),
}


def main() -> None:
    """Measure, and print a table."""
    prepare()
    rounds: dict[str, list[Round]] = {kind: [] for kind in KINDS}
    with closing(Redis.from_url(servers.redis_url("broker", offset=3))) as redis:
        for number in range(ROUNDS):
            for name, kind in KINDS.items():
                print(f"round {number + 1} of {ROUNDS}: {name}", file=sys.stderr)
                rounds[name].append(measure(redis, kind))
    stock = statistics.median(measured.speed for measured in rounds[STOCK])
    for name, found in rounds.items():
        speeds = [measured.speed for measured in found]
        median = statistics.median(speeds)
        spread = f"{min(speeds):.0f} to {max(speeds):.0f}, {ROUNDS} rounds"
        commands = statistics.median(measured.commands for measured in found)
        print(
            f"{name:28} {median:6.0f} tasks/s   {median / stock:4.2f} of stock   {commands:4.1f} commands   ({spread})"
        )


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


def measure(redis: Redis, kind: Kind) -> Round:
    """Return the speed of one round, and what it cost."""
    redis.flushdb()
    noop = getattr(import_module(kind.application), kind.task)
    for _ in range(TASKS):
        noop.apply_async()
    command = [sys.executable, "-m", "celery", "--quiet", "-A", kind.application, *WORKER]
    environment = {**os.environ, "TASK_LEASES": str(kind.leases)}
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        wait(lambda: redis.llen(kind.queue) < TASKS)
        started, commands = time.monotonic(), executed(redis)
        wait(lambda: redis.llen(kind.queue) + queues.lengths(redis, [kind.queue]).unacknowledged == 0)
        seconds = time.monotonic() - started
        return Round(TASKS / seconds, (executed(redis) - commands) / TASKS)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


def executed(redis: Redis) -> int:
    """Return how many commands Redis has executed so far, those of scripts included, without those that ask here."""
    asking = {"cmdstat_llen", "cmdstat_hlen", "cmdstat_zcard", "cmdstat_smembers", "cmdstat_zrange", "cmdstat_info"}
    return sum(int(found["calls"]) for name, found in redis.info("commandstats").items() if name not in asking)


def wait(condition: Callable[[], bool]) -> None:
    """Ask every 5 ms; two minutes are more than any round needs."""
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("a worker did not finish in two minutes")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
