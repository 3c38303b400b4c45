"""Up and down: the steps, in their order."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis as redis_client

from conf import local
from stack import directories, environment, health, postgres, redis, servers, supervision, web
from stack.console import say, step
from stack.environment import Environment
from stack.errors import StackError
from stack.lock import exclusive
from stack.status import overview


def up() -> None:
    """Bring everything up and return when all of it is healthy. Raises StackError where it is not."""
    directories.prepare()
    with exclusive("up"):
        environment.write_dotenv()
        settings = environment.read()
        if is_up(settings):
            say("already up\n")
        else:
            start_servers(settings)
            start_application(settings)
        say(overview(settings))


def is_up(settings: Environment) -> bool:
    """Say whether every program runs and the API calls itself healthy."""
    running = supervision.programs()
    wanted = (*wanted_servers(settings), *supervision.APPLICATION)
    return bool(running) and all(running[name].runs for name in wanted) and health.is_healthy()


def wanted_servers(settings: Environment) -> tuple[str, ...]:
    """Return the servers that are ours to run: those that no URL puts elsewhere."""
    elsewhere = {"postgres": settings.database_url, "redis": settings.redis_url}
    return tuple(name for name in supervision.SERVERS if not elsewhere[name])


def start_servers(settings: Environment) -> None:
    """Start the supervisor, Postgres and Redis where they do not run, and wait until they answer."""
    if not supervision.programs():
        with step("packages of the stack"):
            servers.synchronise()
        if wanted_servers(settings):
            say(f"  Postgres and Redis from {servers.find().origin}")
        supervision.start_supervisor()
    if "postgres" in wanted_servers(settings):
        start_postgres(settings)
    else:
        with step("postgres (DATABASE_URL)"):
            require_database(settings.database_url)
    if "redis" in wanted_servers(settings):
        start_redis()
    else:
        with step("redis (REDIS_URL)"):
            require_redis(settings.redis_url)


def start_postgres(settings: Environment) -> None:
    """Make the cluster where there is none, start it, and make the application's database."""
    if not postgres.CLUSTER.exists():
        with step("postgres: first-time cluster"):
            postgres.create(servers.find().postgres_bin)
    with step("postgres"):
        postgres.create(servers.find().postgres_bin)
        supervision.start(["postgres"])
        failed = supervision.given_up(["postgres"])
        supervision.wait_until(lambda: postgres.answers(settings.postgres_port), "postgres", seconds=30, failed=failed)
        postgres.prepare_database(settings.postgres_port)


def start_redis() -> None:
    """Start Redis and wait until it has read its data and answers."""
    with step("redis"):
        supervision.start(["redis"])
        supervision.wait_until(redis.answers, "redis", seconds=30, failed=supervision.given_up(["redis"]))


def require_database(url: str) -> None:
    """Raise StackError, without the URL's password, where an external database does not answer."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise StackError(
            f"the database of DATABASE_URL does not answer: {error}Correct or unset DATABASE_URL."
        ) from None


def require_redis(url: str) -> None:
    """Raise StackError where an external Redis does not answer."""
    try:
        redis_client.Redis.from_url(url, socket_timeout=5).ping()
    except (redis_client.RedisError, ValueError) as error:
        raise StackError(f"the Redis of REDIS_URL does not answer: {error}. Correct or unset REDIS_URL.") from None


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
            supervision.wait_until(lambda name=name: health.is_well(name), name, seconds=60, failed=failed)  # type: ignore[misc]
    supervision.wait_until(health.is_healthy, "web", seconds=20, failed=failed)


def migrate() -> None:
    """Apply the migrations. Raises StackError with what Django said where that failed."""
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=1"]
    done = subprocess.run(command, cwd=local.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"the migrations failed:\n{done.stdout}{done.stderr}")


def down() -> None:
    """Stop everything of this checkout, the application before its servers."""
    directories.prepare()
    with exclusive("down"):
        if not supervision.programs():
            say("nothing runs")
            return
        stop_everything()


def stop_everything() -> None:
    """Stop the programs in order, then the supervisor."""
    with step("web, worker, beat"):
        supervision.stop(supervision.APPLICATION)
    with step("postgres, redis"):
        supervision.stop(supervision.SERVERS)
        supervision.stop_supervisor()


def restart(names: list[str]) -> None:
    """Restart the programs of these names, or everything where there is none."""
    if not names:
        down()
        up()
        return
    directories.prepare()
    with exclusive("restart"):
        if not supervision.programs():
            raise StackError("nothing runs. Start everything: just up")
        with step(f"stop {', '.join(names)}"):
            supervision.stop(names)
        start_servers(environment.read())
        start_application(environment.read())


@contextmanager
def with_servers(what: str) -> Iterator[Environment]:
    """Hold the lock with Postgres and Redis running; servers that ran before go on running after."""
    directories.prepare()
    with exclusive(what):
        settings = environment.read()
        ran = bool(supervision.programs())
        start_servers(settings)
        try:
            yield settings
        finally:
            if not ran:
                stop_everything()
