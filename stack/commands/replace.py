"""`just restore` and `just reset`: a new database is created beside the old one, and then takes its name."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from checkout import servers
from stack.commands import backup
from stack.console import confirm, say, step
from stack.errors import StackError
from stack.lifecycle import migrations, startup, up_down
from stack.programs import supervisor
from stack.programs.table import APPLICATION, DATA
from stack.settings import environment, external_servers
from stack.settings.database import Database, application_database, require_local
from stack.settings.environment import Environment

_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def restore(path: Path, *, yes: bool) -> None:
    """Replace the database by a dump. A dump of the old database is kept."""
    settings = environment.read()
    database = application_database(settings)
    require_local(database, "restore")
    backup.require_dump(database, path)
    confirm(f"Replace the database {database.name} by {path}?", yes=yes)
    with up_down.with_servers("restore"), _without_application(settings):
        _keep(database, "before-restore")
        with step(f"restore {path.name}"):
            _replace(database, lambda new: backup.load(database, path, new))
        migrations.forget()


def reset(*, yes: bool) -> None:
    """Replace the database by an empty one, and empty Redis. A dump and a copy of the old data are kept."""
    settings = environment.read()
    database = application_database(settings)
    require_local(database, "reset")
    confirm(f"Delete everything in the database {database.name}, and all queued tasks?", yes=yes)
    with up_down.with_servers("reset"), _without_application(settings):
        _keep(database, "before-reset")
        with step("an empty database"):
            _replace(database, lambda _: None)
        if "redis" in external_servers.managed(settings):
            _empty_redis()
        startup.migrate()


@contextmanager
def _without_application(settings: Environment) -> Iterator[None]:
    """Stop the application for the block. The programs that ran are started again in any case."""
    running = [name for name, found in supervisor.programs().items() if name in APPLICATION and found.runs]
    up_down.stop(running)
    try:
        yield
    finally:
        if running:
            startup.start_application(settings, running)


def _keep(database: Database, why: str) -> None:
    path = backup.dated(f"{why}.dump")
    with step("keep what is there"):
        backup.dump(database, path)
    say(f"  what is replaced is kept in {path}")


def _replace(database: Database, fill: Callable[[str], None]) -> None:
    old, new = sql.Identifier(database.name), sql.Identifier(f"{database.name}_new")
    replaced = sql.Identifier(f"{database.name}_replaced")
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    try:
        with psycopg.connect(database.conninfo("postgres", with_password=True), autocommit=True) as server:
            for leftover in (new, replaced):
                server.execute(drop.format(leftover))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(new))
            try:
                fill(f"{database.name}_new")
                server.execute(_END_SESSIONS, [database.name])
                # In one transaction: there is no moment without a database.
                with server.transaction():
                    server.execute(rename.format(old, replaced))
                    server.execute(rename.format(new, old))
            finally:
                for leftover in (new, replaced):
                    server.execute(drop.format(leftover))
    except psycopg.Error as error:
        raise StackError(f"the database was not replaced: {str(error).strip()}") from error


def _empty_redis() -> None:
    path = backup.dated("before-reset.redis")
    with step("an empty Redis"):
        shutil.copytree(DATA["redis"], path)
        with redis.Redis.from_url(servers.redis_url("broker")) as client:
            client.flushall()
    say(f"  what is replaced is kept in {path}")
