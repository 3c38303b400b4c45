"""What the code is: its branch, its commit, and the migrations of its apps; and what the database has of them."""

from typing import Any

import psycopg

from checkout import paths
from stack import git
from stack.data.catalog import Snapshot
from stack.errors import StackError


def branch() -> str:
    """Return the branch; empty where there is none."""
    return _git("branch", "--show-current")


def commit() -> str:
    """Return the commit, shortened; empty without a repository."""
    return _git("rev-parse", "--short", "HEAD")


def known_migrations() -> set[str]:
    """Return the migrations that are in the code of the project's apps, as app.name."""
    files = paths.ROOT.glob("apps/*/migrations/[0-9]*.py")
    return {f"{file.parents[1].name}.{file.stem}" for file in files}


def all_migrations(connection: Any) -> set[tuple[str, str]]:
    """Return the app and the name of each migration that a database has."""
    try:
        return set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.errors.UndefinedTable:
        return set()


def of_the_project(migrations: set[tuple[str, str]]) -> list[str]:
    """Return those of the apps below apps/. Those of packages depend on uv.lock, not on branches."""
    ours = {path.name for path in paths.ROOT.glob("apps/*") if (path / "migrations").is_dir()}
    return sorted(f"{app}.{name}" for app, name in migrations if app in ours)


def branches_with(migration: str) -> list[str]:
    """Return the branches that have a migration, the ones of remotes after the local ones."""
    app, _, name = migration.partition(".")
    path = f"apps/{app}/migrations/{name}.py"
    added = _git("log", "--all", "--diff-filter=A", "--format=%H", "--max-count=1", "--", path)
    return _git("branch", "--all", "--format=%(refname:short)", "--contains", added).split() if added else []


def fits(snapshot: Snapshot) -> bool:
    """Return whether this code knows all migrations of a snapshot; it applies those that are missing there."""
    return set(snapshot.migrations) <= known_migrations()


def way_back(unknown: list[str], snapshots: list[Snapshot]) -> str:
    """Return what to do about migrations that are applied and not in this code: the branches, a snapshot that fits."""
    branches = branches_with(unknown[0])
    where = f" {unknown[0]} is on: {', '.join(branches)}." if branches else ""
    fitting = [snapshot for snapshot in snapshots if fits(snapshot)]
    if not fitting:
        return where
    newest = fitting[-1]
    of = f" (of {newest.branch})" if newest.branch else ""
    return f"{where} The snapshot {newest.name}{of} fits this code: just rewind {newest.name}"


def _git(*words: str) -> str:
    # Snapshots need no repository, and no Git.
    try:
        done = git.run(*words)
    except StackError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
