"""The steps that start the stack, in their order; each returns when its program is ready."""

from collections.abc import Sequence
from functools import partial

from stack import (
    broken_code,
    directories,
    external,
    health,
    migrations,
    ownership,
    postgres,
    program,
    servers,
    supervision,
    web,
)
from stack.console import say, step
from stack.environment import Environment
from stack.errors import StackError
from stack.waiting import wait_until

# What /readyz says of a database that another version of the code has migrated (apps/core/health.py).
UNKNOWN_MIGRATIONS = "unknown to this code"


def start_servers(settings: Environment, *, synchronise: bool = True) -> None:
    """Start the supervisor, Postgres and Redis where they do not run, and wait until they answer."""
    if not supervision.programs():
        start_supervisor(settings, synchronise=synchronise or not servers.SERVICES.is_dir())
    if "postgres" in external.ours(settings):
        make_cluster()
    supervision.start(external.ours(settings))
    # They start meanwhile.
    from stack import readiness

    if "postgres" in external.ours(settings):
        wait_for_postgres(settings.postgres_port)
    else:
        from stack import foreign_data

        with step(f"postgres: {foreign_data.name_of(settings.database_url)} (DATABASE_URL)"):
            readiness.require_database(settings.database_url)
    if "redis" in external.ours(settings):
        wait_for_redis()
    else:
        with step("redis (REDIS_URL)"):
            readiness.require_redis(settings.redis_url)


def start_supervisor(settings: Environment, *, synchronise: bool) -> None:
    """Bring the stack's own packages in line with the lock, where that is wanted, then start the supervisor."""
    directories.require_space()
    if synchronise:
        with step("packages of the stack", spinner=False):
            servers.synchronise()
    for server in external.ours(settings):
        ownership.require_free(program.DATA[server])
    if external.ours(settings):
        say(f"  servers: {servers.find().origin}")
    supervision.start_supervisor()


def make_cluster() -> None:
    """Make Postgres' cluster where there is none."""
    if postgres.CLUSTER.exists():
        postgres.refuse_other_version(servers.find().postgres_bin)
        return
    with step("postgres: a new cluster"):
        postgres.create(servers.find().postgres_bin)
        migrations.forget()


def wait_for_postgres(port: int) -> None:
    """Wait until Postgres takes connections, then make the application's database where there is none."""
    from stack import readiness

    with step("postgres"):
        ready = partial(readiness.postgres_answers, port)
        wait_until(ready, "postgres", seconds=30, failed=supervision.given_up(["postgres"]))
        if readiness.prepare_database(port):
            migrations.forget()


def wait_for_redis() -> None:
    """Wait until Redis has read its data and answers."""
    from stack import readiness

    with step("redis"):
        wait_until(readiness.redis_answers, "redis", seconds=30, failed=supervision.given_up(["redis"]))


def is_up(settings: Environment, application: Sequence[str] = program.APPLICATION) -> bool:
    """Say whether the programs run, and the API calls itself healthy since they do."""
    running = supervision.programs()
    wanted = (*external.ours(settings), *application)
    settled = bool(running) and all(running[name].has_settled for name in wanted)
    # What was not to run cannot be well.
    return settled and not set(health.problems()) - (set(program.APPLICATION) - set(application))


def start_application(settings: Environment, names: Sequence[str] = program.APPLICATION) -> None:
    """Migrate, start the API, worker, beat and the reloader, or those named, and wait until all are ready."""
    if not supervision.programs()["web"].runs:
        web.require(settings.port)
    if migrations.pending(settings):
        migrate()
    supervision.start(names)
    failed = broken_code.or_failed(supervision.given_up(names))
    if "web" in names:
        with step("web"):
            wait_until(health.is_live, "web", seconds=60, failed=failed)
        _require_migrations()
    for name in ("worker", "beat"):
        if name in names:
            # It is the API that says how they are.
            ready = partial(health.is_well if "web" in names else _has_settled, name)
            with step(name):
                wait_until(ready, name, seconds=60, failed=failed)
    if "web" in names:
        wait_until(partial(is_up, settings, names), "web", seconds=20, failed=failed)


def _has_settled(name: str) -> bool:
    return supervision.programs().get(name, program.NOTHING).has_settled


def _require_migrations() -> None:
    """Apply what is missing. Raises StackError for a database with migrations that this code does not have."""
    problem = health.problems("/readyz").get("migrations", "")
    if UNKNOWN_MIGRATIONS in problem:
        raise StackError(problem)
    if not health.is_ready():
        # Somebody has migrated backwards, or made the database anew.
        migrate()


def migrate() -> None:
    """Apply the migrations, as a step of its own."""
    with step("migrations"):
        migrations.migrate()
