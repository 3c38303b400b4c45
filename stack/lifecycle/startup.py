"""The steps that start the stack, in order. Each returns when its program is ready."""

from collections.abc import Sequence
from functools import partial

from checkout import paths, servers
from stack.console import say, step
from stack.errors import StackError
from stack.lifecycle import directories, import_check, migrations
from stack.programs import api_health, binaries, data_lock, postgres, supervisor, table, web
from stack.programs.table import Program
from stack.programs.waiting import wait_until
from stack.settings import external_servers
from stack.settings.environment import Environment
from stack.upgrade import exchange, versions

# In the response of /readyz if another version of the code has migrated the database (apps/core/health/components.py).
UNKNOWN_MIGRATIONS = "unknown to this code"


def start_servers(settings: Environment, *, synchronise: bool = True) -> None:
    """Start the supervisor, Postgres and Redis if they do not run, and wait until they respond."""
    if not supervisor.programs():
        start_supervisor(settings, synchronise=synchronise or not paths.SERVICES.is_dir())
    if "postgres" in external_servers.managed(settings):
        make_cluster()
    supervisor.start(external_servers.managed(settings))
    if "postgres" in external_servers.managed(settings):
        wait_for_postgres(settings.postgres_port)
    else:
        from stack.settings import consent

        with step(f"postgres: {consent.name_of(settings.database_url)} (DATABASE_URL)"):
            external_servers.require_database(settings.database_url)
    if "redis" in external_servers.managed(settings):
        wait_for_redis()
    else:
        with step("redis (REDIS_URL)"):
            external_servers.require_redis(settings.redis_url)
    finish_rewind(settings)


def finish_rewind(settings: Environment) -> None:
    """Complete or undo a rewind, and remove what is left of a snapshot, that was interrupted."""
    if len(external_servers.managed(settings)) < len(table.SERVERS) or not paths.SNAPSHOTS.is_dir():
        return
    from stack.data import pending
    from stack.programs import readiness

    with readiness.connect("postgres", settings.postgres_port) as server:
        if pending.finish(server):
            say("  a rewind that was interrupted is complete now")
            migrations.forget()


def start_supervisor(settings: Environment, *, synchronise: bool) -> None:
    """Install the stack's own packages if asked to, then start the supervisor."""
    directories.require_space()
    if synchronise:
        with step("packages of the stack", spinner=False):
            binaries.synchronise()
    for server in external_servers.managed(settings):
        data_lock.require_free(table.DATA[server])
    if external_servers.managed(settings):
        say(f"  servers: {binaries.find().origin}")
    supervisor.start_supervisor()


def make_cluster() -> None:
    """Create the Postgres cluster if there is none. Raises StackError for one of another major version."""
    if exchange.complete():
        say("  an upgrade of Postgres that was interrupted is complete now")
    if postgres.CLUSTER.exists():
        versions.refuse_other(binaries.find().postgres_bin)
        return
    with step("postgres: a new cluster"):
        postgres.create(binaries.find().postgres_bin)
        migrations.forget()


def wait_for_postgres(port: int) -> None:
    """Wait until Postgres accepts connections, then create the application's database if there is none."""
    from stack.programs import readiness

    with step("postgres"):
        ready = partial(readiness.postgres_answers, port)
        wait_until(ready, "postgres", seconds=30, failed=supervisor.given_up(["postgres"]))
        if readiness.prepare_database(port):
            migrations.forget()


def wait_for_redis() -> None:
    """Wait until Redis has loaded its data and responds."""
    from stack.programs import readiness

    with step("redis"):
        wait_until(readiness.redis_answers, "redis", seconds=30, failed=supervisor.given_up(["redis"]))


def is_up(settings: Environment, names: Sequence[str] = table.APPLICATION) -> bool:
    """Return whether the programs run, and the API has reported itself healthy since they were started."""
    running = supervisor.programs()
    wanted = (*external_servers.managed(settings), *names)
    if not running or not all(running[name].has_settled for name in wanted):
        return False
    # A component that is not meant to run cannot be healthy.
    not_wanted = table.components(table.APPLICATION) - table.components(names)
    return not set(api_health.problems()) - not_wanted


def start_application(settings: Environment, names: Sequence[str] = table.APPLICATION) -> None:
    """Migrate, start the API, worker, beat and the reloader, or those named, and wait until all are ready."""
    if "web" in names and not supervisor.program("web").runs:
        web.require(settings.port)
    if migrations.pending(settings):
        migrate()
    supervisor.start(names)
    failed = import_check.or_failed(supervisor.given_up(names))
    for program in (table.PROGRAMS[name] for name in table.APPLICATION if name in names):
        if not program.component:
            continue
        with step(program.name):
            wait_until(partial(_is_ready, program, names), program.name, seconds=60, failed=failed)
        if program.name == "web":
            _require_migrations(settings)
    if "web" in names:
        wait_until(partial(is_up, settings, names), "web", seconds=20, failed=failed)


def _is_ready(program: Program, names: Sequence[str]) -> bool:
    # The API reports the health of the others. Without it, they are ready when they have settled.
    return (
        api_health.is_component_healthy(program.component)
        if "web" in names
        else supervisor.program(program.name).has_settled
    )


def way_back(settings: Environment) -> str:
    """Return which branch has the migrations that this code lacks, and which snapshot fits it."""
    if "postgres" not in external_servers.managed(settings):
        return ""
    from stack.data import catalog, code
    from stack.programs import readiness

    with readiness.connect(servers.POSTGRES_DATABASE, settings.postgres_port) as connection:
        applied = code.of_the_project(code.all_migrations(connection))
        unknown = sorted(set(applied) - code.known_migrations())
        return code.way_back(unknown, catalog.listed(connection)) if unknown else ""


def _require_migrations(settings: Environment) -> None:
    """Apply missing migrations. Raises StackError if the database has migrations that are unknown to this code."""
    problem = api_health.problems("/readyz").get("migrations", "")
    if UNKNOWN_MIGRATIONS in problem:
        raise StackError(problem + way_back(settings))
    if not api_health.is_ready():
        # Somebody has unapplied migrations, or created the database again.
        migrate()


def migrate() -> None:
    """Apply the migrations as a step."""
    with step("migrations"):
        migrations.migrate()
