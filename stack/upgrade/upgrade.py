"""`just upgrade-postgres`: the databases of an older Postgres, copied into a new cluster that then takes its place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from checkout import paths
from stack.console import confirm, say, step
from stack.data import pending
from stack.errors import StackError
from stack.processes import unprivileged
from stack.programs import binaries, data_lock, postgres, supervisor
from stack.upgrade import contents, exchange, old_programs, server, system_settings, versions
from stack.upgrade.contents import Database
from stack.upgrade.server import Server
from stack.upgrade.transfer import Transfer

# Bytes that stay free on the disk: a new cluster, and its write-ahead log.
_RESERVE = 500_000_000


class Plan(NamedTuple):
    """From which major version and programs to which."""

    old: str
    old_programs: Path
    new: str
    new_programs: Path


def run(*, old_bin: Path | None = None, yes: bool = False, dry_run: bool = False) -> None:
    """Upgrade the cluster to the version of the programs. Call it with the lock of the checkout held.

    old_bin is a directory with the programs of the old version; without it they are looked for.
    Raises StackError if anything does not fit, and the old cluster is as it was then.
    """
    exchange.complete()
    plan = _plan(old_bin)
    if not plan:
        return
    _require_space()
    try:
        with ExitStack() as stack:
            lock = stack.enter_context(_locked())
            new = stack.enter_context(_new_cluster(plan))
            _copy(plan, new, lock, yes=yes, dry_run=dry_run)
            if dry_run:
                say("nothing was changed: a dry run")
                return
            with step("write it to the disk, and exchange the two"):
                postgres.write_to_disk(plan.new_programs, new)
                exchange.take_place(new, plan.old)
    except psycopg.Error as error:
        raise StackError(f"Postgres refused, and the old cluster is as it was: {str(error).strip()}") from error
    say(f"the data are in Postgres {plan.new} now. To start everything: just up")
    say(f"the old cluster is kept in {exchange.kept(plan.old)}. To delete it: just upgrade-postgres --delete-old")


def delete_old(*, yes: bool) -> None:
    """Delete the clusters that earlier upgrades have kept; ask first. Call it with the lock of the checkout held."""
    exchange.complete()
    kept = exchange.all_kept()
    if not kept:
        say(f"there is no old cluster in {paths.STATE}")
        return
    if not paths.POSTGRES_DATA.exists():
        raise StackError(f"there is no cluster in {paths.POSTGRES_DATA}, so the old ones were not deleted.")
    names = ", ".join(f"{path} ({_megabytes(_size(path))})" for path in kept)
    confirm(f"Delete {names}?", yes=yes)
    for path in kept:
        data_lock.require_free(path)
        exchange.remove(path)
    say(f"deleted {names}")


def _plan(old_bin: Path | None) -> Plan | None:
    """Return what to do; None if there is nothing. Raises StackError if it cannot be done."""
    if supervisor.programs():
        raise StackError("the stack runs, and nothing was changed. Stop it first: just down")
    if not paths.POSTGRES_DATA.exists():
        say("there is no cluster yet. To make one: just up")
        return None
    with step("packages of the stack", spinner=False):
        binaries.synchronise()
    programs = binaries.find()
    old, new = versions.of_cluster(), postgres.major_version(programs.postgres_bin)
    if old == new:
        say(f"the cluster is one of Postgres {new} already; nothing was changed")
        return None
    if not versions.is_older(old, new):
        versions.refuse_other(programs.postgres_bin)
    _require_no_leftovers(old)
    found = old_programs.require(old_bin, old) if old_bin else old_programs.find(old)
    if not found:
        raise StackError(
            f"the programs of Postgres {old} are in none of the usual places. Nothing was changed."
            f"{old_programs.how_to_get(old)}"
        )
    say(f"  Postgres {old}: {found}")
    say(f"  Postgres {new}: {programs.origin}")
    return Plan(old, found, new, programs.postgres_bin)


def _require_no_leftovers(old: str) -> None:
    if (kept := exchange.kept(old)).exists():
        raise StackError(
            f"{kept} is kept from an earlier upgrade, and nothing was changed. Move it away, or delete it:"
            " just upgrade-postgres --delete-old"
        )
    if pending.is_interrupted():
        # It knows the database by its number, which is another one in a copy.
        raise StackError(
            f"a rewind was interrupted, and nothing was changed. Start the stack with the programs of Postgres {old}"
            " (POSTGRES_BIN and REDIS_BIN), which completes it: just prepare"
        )


def _require_space() -> None:
    size, free = _size(paths.POSTGRES_DATA / "base"), shutil.disk_usage(paths.STATE).free
    if free < size + _RESERVE:
        raise StackError(
            f"the disk of {paths.STATE} has {_megabytes(free)} left, and the new cluster needs"
            f" {_megabytes(size + _RESERVE)}, since the old one is kept. Nothing was changed. Free some first."
        )


@contextmanager
def _locked() -> Iterator[int]:
    """Keep other servers away from the old cluster for the block; yield the descriptor of the lock."""
    data = paths.POSTGRES_DATA
    lock = data_lock.claim(data, seconds=5)
    try:
        postgres.clear_stale_files()
        if postgres.PID_FILE.exists():
            pid = postgres.PID_FILE.read_text().partition("\n")[0]
            raise StackError(f"a server uses {data} (pid {pid}), and nothing was changed. Stop it first.")
        data_lock.stamp(data)
        unprivileged.give_ownership(data)
        yield lock
    finally:
        os.close(lock)
        data_lock.release(data)


@contextmanager
def _new_cluster(plan: Plan) -> Iterator[Path]:
    with step(f"a new cluster of Postgres {plan.new}"):
        new = postgres.create_beside(plan.new_programs)
    try:
        # Those that load a library have to be there when its server starts.
        if unknown := system_settings.carry(paths.POSTGRES_DATA, new, plan.new_programs):
            say(f"  left out, since Postgres {plan.new} does not have them: {', '.join(unknown)} (ALTER SYSTEM)")
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _copy(plan: Plan, new: Path, lock: int, *, yes: bool, dry_run: bool) -> None:
    """Fill the new cluster with the databases of the old one, and compare the two."""
    with ExitStack() as stack:
        with step("start both, for this command alone"):
            start = stack.enter_context
            source = start(server.running("old", plan.old_programs, paths.POSTGRES_DATA, server.OLD, lock=lock))
            target = start(server.running("new", plan.new_programs, new, server.NEW))
        databases = contents.databases(source)
        names = [database.name for database in databases]
        _require_that_all_can_be_copied(source, target, databases)
        total = _megabytes(sum(database.size for database in databases))
        say(f"  {len(names)} databases, {total}")
        if dry_run:
            return
        confirm(f"Copy them into a cluster of Postgres {plan.new}? The old one is kept.", yes=yes)
        transfer = Transfer(source, target, plan.new_programs)
        with step("roles"):
            transfer.roles()
        for database in databases:
            with step(f"{database.name} ({_megabytes(database.size)})"):
                transfer.database(database.name)
        with step("compare"):
            _compare(source, target, names)


def _require_that_all_can_be_copied(source: Server, target: Server, databases: list[Database]) -> None:
    closed = [database.name for database in databases if not database.is_open]
    if closed:
        raise StackError(
            f"these databases accept no connections, and cannot be copied: {', '.join(closed)}. Nothing was changed."
            " Drop them or open them (ALTER DATABASE … ALLOW_CONNECTIONS true) with the old programs."
        )
    with source.connect("template1") as connection:
        prepared = [str(row[0]) for row in connection.execute("SELECT gid FROM pg_prepared_xacts").fetchall()]
    if prepared:
        raise StackError(
            f"these transactions are prepared and not committed: {', '.join(prepared)}. Nothing was changed. Commit"
            " them or roll them back with the old programs."
        )
    with target.connect("template1") as connection:
        rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
    used = contents.extensions(source, [database.name for database in databases])
    missing = [f"{name} (in {', '.join(where)})" for name, where in used.items() if (name,) not in rows]
    if missing:
        raise StackError(
            f"the new Postgres lacks extensions that are in use: {'; '.join(missing)}. Nothing was changed. Add them to"
            " its programs, or drop them with the old ones."
        )


def _compare(source: Server, target: Server, names: list[str]) -> None:
    old, new = set(contents.facts(source, names)), set(contents.facts(target, names))
    if different := sorted(old ^ new):
        shown = "\n".join(f"  {'only before' if fact in old else 'only after'}: {' '.join(fact)}" for fact in different)
        raise StackError(f"the copy differs, so it was deleted; the old cluster is in its place, as it was.\n{shown}")


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
