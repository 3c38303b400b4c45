"""`just snapshot`, `just snapshots`, `just rewind`: the database and the queue, put aside and brought back."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Any

import psycopg

from checkout import paths, servers
from stack.console import say, step, table
from stack.data import catalog, clones, code, pending, queue_file
from stack.data.catalog import Snapshot
from stack.errors import StackError
from stack.lifecycle import migrations, startup, up_down
from stack.programs import readiness, supervisor
from stack.programs.table import APPLICATION
from stack.settings import environment
from stack.settings.environment import Environment

_APPLICATION = servers.POSTGRES_DATABASE
# Bytes that stay free on the disk.
_RESERVE = 500_000_000


def make(name: str = "") -> None:
    """Put the database and the queue aside under a name; by default the time."""
    name = name or time.strftime("%Y-%m-%d-%H%M%S")
    catalog.require_name(name)
    settings = _own_servers("snapshot")
    with up_down.with_servers("snapshot"), _cluster(settings) as server:
        if name in {snapshot.name for snapshot in catalog.listed(server)}:
            raise StackError(f"there is a snapshot {name} already, and it was left as it is. Choose another name.")
        _require_space(server)
        with _drained(settings):
            clones.require_unused(server, _APPLICATION)
            with step("snapshot"):
                _store(server, settings, name)
    say(f"snapshot {name}. To bring it back: just rewind {name}")


def rewind(name: str) -> None:
    """Replace the database and the queue by those of a snapshot. What they are now becomes a snapshot, too."""
    settings = _own_servers("rewind")
    before = f"before-rewind-{time.strftime('%Y-%m-%d-%H%M%S')}"
    with up_down.with_servers("rewind"), _cluster(settings) as server:
        snapshot = catalog.find(server, name)
        _require_space(server)
        if unknown := sorted(set(snapshot.migrations) - code.known_migrations()):
            raise StackError(
                f"the snapshot {name} has migrations that this code does not know: {', '.join(unknown)}. Nothing was"
                f" changed. Change to the branch of the snapshot first: git switch {snapshot.branch or '…'}"
            )
        with _drained(settings):
            clones.require_unused(server, _APPLICATION)
            with step(f"rewind to {name}"):
                _swap(server, settings, name, before)
        if snapshot.tasks and not pending.queue_of(name).is_file():
            say(f"  the queue of {name} is not in {paths.SNAPSHOTS}, so that no task waits now")
    say(f"the data are those of {name}. What they were before: just rewind {before}")


def show(*, as_json: bool = False) -> None:
    """List the snapshots, with their sizes, and whether this code knows their migrations."""
    settings = _own_servers("snapshots")
    # What is printed is the list alone.
    with redirect_stdout(sys.stderr), up_down.with_servers("snapshots"), _cluster(settings) as server:
        found = catalog.listed(server)
    if as_json:
        rows = [{**vars(snapshot), "fits": code.fits(snapshot)} for snapshot in found]
        say(json.dumps(rows, indent=1))
    elif found:
        head = ("NAME", "CREATED", "SIZE", "TASKS", "BRANCH", "COMMIT", "FITS THIS CODE")
        say(table([head, *(_row(snapshot) for snapshot in found)]))
    else:
        say("there are no snapshots. To make one: just snapshot")


def delete(name: str) -> None:
    """Delete a snapshot."""
    settings = _own_servers("snapshot")
    with up_down.with_servers("snapshot"), _cluster(settings) as server:
        catalog.find(server, name)
        clones.drop(server, catalog.PREFIX + name)
        pending.queue_of(name).unlink(missing_ok=True)
    say(f"deleted the snapshot {name}")


def _own_servers(what: str) -> Environment:
    """Return the settings. Raises StackError if a server is not the checkout's own."""
    settings = environment.read()
    for name, url in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url)):
        if url:
            raise StackError(
                f"`just {what}` copies the files of the checkout's own servers, and {name} names another one. Nothing"
                f" was done. Unset it, or use that server's own tools."
            )
    paths.SNAPSHOTS.mkdir(mode=0o700, exist_ok=True)
    return settings


@contextmanager
def _cluster(settings: Environment) -> Iterator[Any]:
    """Connect to the cluster, beside the application's database."""
    try:
        with readiness.connect("postgres", settings.postgres_port) as server:
            yield server
    except psycopg.Error as error:
        raise StackError(f"Postgres refused, and the data are as they were: {str(error).strip()}") from error


@contextmanager
def _drained(settings: Environment) -> Iterator[None]:
    """Stop the application for the block, running tasks first; start what ran before in any case."""
    running = [name for name, found in supervisor.programs().items() if name in APPLICATION and found.runs]
    # Beat first, so that nothing new comes; a worker ends its tasks, or returns them to the queue.
    for names in (["reload", "beat"], ["worker"], ["web"]):
        up_down.stop([name for name in names if name in running])
    try:
        yield
    finally:
        # What was interrupted is completed now: a later start would replace the queue of a stack at work.
        startup.finish_rewind(settings)
        if running:
            startup.start_application(settings, running)


def _store(server: Any, settings: Environment, name: str) -> None:
    unfinished = catalog.UNFINISHED + name
    described = _describe(settings, name)
    queue_file.save(pending.queue_of(name))
    clones.clone(server, _APPLICATION, unfinished)
    clones.describe(server, unfinished, described.comment())
    clones.rename(server, (unfinished, catalog.PREFIX + name))


def _swap(server: Any, settings: Environment, name: str, before: str) -> None:
    unfinished = catalog.UNFINISHED + name
    described = _describe(settings, before)
    queue_file.save(pending.queue_of(before))
    clones.clone(server, catalog.PREFIX + name, unfinished)
    clones.describe(server, _APPLICATION, described.comment())
    is_same = _schema(settings, unfinished) == _schema(settings, _APPLICATION)
    pending.intend(clones.number(server, unfinished), name)
    clones.rename(server, (_APPLICATION, catalog.PREFIX + before), (unfinished, _APPLICATION))
    pending.finish(server)
    if not is_same:
        migrations.forget()


def _describe(settings: Environment, name: str) -> Snapshot:
    with readiness.connect(_APPLICATION, settings.postgres_port) as application:
        applied = code.of_the_project(code.all_migrations(application))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Snapshot(name, now, code.branch(), code.commit(), applied, queue_file.waiting())


def _schema(settings: Environment, database: str) -> set[tuple[str, str]]:
    with readiness.connect(database, settings.postgres_port) as connection:
        return code.all_migrations(connection)


def _require_space(server: Any) -> None:
    """Raise StackError, with the snapshots that could be deleted, if a copy would fill the disk."""
    size = server.execute("SELECT pg_database_size(%s)", [_APPLICATION]).fetchone()[0]
    free = shutil.disk_usage(paths.STATE).free
    if free > size + _RESERVE:
        return
    old = ", ".join(f"{snapshot.name} ({_megabytes(snapshot.size)})" for snapshot in catalog.listed(server))
    raise StackError(
        f"the disk of {paths.STATE} has {_megabytes(free)} left, and a copy takes {_megabytes(size)}. Nothing was done."
        f" Delete what is not needed: just snapshot --delete NAME. Snapshots, the oldest first: {old or 'none'}"
    )


def _row(snapshot: Snapshot) -> tuple[str, ...]:
    created = snapshot.created[:16].replace("T", " ")
    fits = "yes" if code.fits(snapshot) else "no"
    return (
        snapshot.name,
        created,
        _megabytes(snapshot.size),
        str(snapshot.tasks),
        snapshot.branch,
        snapshot.commit,
        fits,
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
