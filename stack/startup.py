"""The steps that start the stack, in their order; each returns when its program is ready."""

import subprocess
import sys
from functools import partial

from conf import local
from stack import external, health, postgres, redis, servers, supervision, web
from stack.console import say, step
from stack.environment import Environment
from stack.errors import StackError


def start_servers(settings: Environment) -> None:
    """Start the supervisor, Postgres and Redis where they do not run, and wait until they answer."""
    if not supervision.programs():
        start_supervisor(settings)
    if "postgres" in external.ours(settings):
        start_postgres(settings.postgres_port)
    else:
        with step("postgres (DATABASE_URL)"):
            external.require_database(settings.database_url)
    if "redis" in external.ours(settings):
        start_redis()
    else:
        with step("redis (REDIS_URL)"):
            external.require_redis(settings.redis_url)


def start_supervisor(settings: Environment) -> None:
    """Bring the stack's own packages in line with the lock, then start the supervisor."""
    with step("packages of the stack"):
        servers.synchronise()
    if external.ours(settings):
        say(f"  servers: {servers.find().origin}")
    supervision.start_supervisor()


def start_postgres(port: int) -> None:
    """Make the cluster where there is none, start it, and make the application's database."""
    with step("postgres"):
        postgres.create(servers.find().postgres_bin)
        supervision.start(["postgres"])
        ready = partial(postgres.answers, port)
        supervision.wait_until(ready, "postgres", seconds=30, failed=supervision.given_up(["postgres"]))
        postgres.prepare_database(port)


def start_redis() -> None:
    """Start Redis and wait until it has read its data and answers."""
    with step("redis"):
        supervision.start(["redis"])
        supervision.wait_until(redis.answers, "redis", seconds=30, failed=supervision.given_up(["redis"]))


def start_application(settings: Environment) -> None:
    """Migrate, start the API, worker, beat and the reloader, and wait until all are ready."""
    if not supervision.programs()["web"].runs:
        web.require(settings.port)
    with step("migrations"):
        migrate()
    supervision.start(supervision.APPLICATION)
    failed = supervision.given_up(supervision.APPLICATION)
    with step("web"):
        supervision.wait_until(health.is_live, "web", seconds=60, failed=failed)
    for name in ("worker", "beat"):
        with step(name):
            supervision.wait_until(partial(health.is_well, name), name, seconds=60, failed=failed)
    supervision.wait_until(health.is_healthy, "web", seconds=20, failed=failed)


def migrate() -> None:
    """Apply the migrations. Raises StackError with what Django said where that failed."""
    command = [sys.executable, "manage.py", "migrate", "--no-input"]
    done = subprocess.run(command, cwd=local.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"the migrations failed:\n{done.stdout}{done.stderr}")
