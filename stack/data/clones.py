"""Databases cloned, renamed and dropped. Nothing may be connected to what is cloned or renamed."""

from typing import Any

import psycopg
from psycopg import sql

from stack.errors import StackError

_RENAME = sql.SQL("ALTER DATABASE {} RENAME TO {}")
# Programs of the stack have been stopped; what is connected nevertheless is a person's.
_CONNECTED = "SELECT pid, application_name FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


def clone(server: Any, source: str, target: str) -> None:
    """Copy a database, file by file: where the file system can, without copying blocks (Postgres 18)."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    create = statement.format(sql.Identifier(target), sql.Identifier(source))
    for method in ("clone", "copy"):
        try:
            server.execute(sql.SQL("SET file_copy_method = {}").format(sql.Identifier(method)))
        except psycopg.Error:
            # Before Postgres 18, or on a system that cannot clone, there is only one method.
            method = "copy"  # noqa: PLW2901
        try:
            server.execute(create)
        except psycopg.errors.ObjectInUse:
            raise
        except psycopg.Error:
            if method == "copy":
                raise
        else:
            return


def require_unused(server: Any, database: str) -> None:
    """Raise StackError if somebody is connected to a database."""
    found = server.execute(_CONNECTED, [database]).fetchall()
    if found:
        who = ", ".join(f"{name or 'a client'} (process {pid} of Postgres)" for pid, name in found)
        raise StackError(
            f"somebody is connected to the database: {who}. The data are as they were. Disconnect, e.g. \\q"
        )


def describe(server: Any, database: str, comment: str) -> None:
    """Store a comment with a database."""
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    server.execute(statement.format(sql.Identifier(database), sql.Literal(comment)))


def rename(server: Any, *names: tuple[str, str]) -> None:
    """Rename databases, all or none: there is no moment in which one is missing."""
    with server.transaction():
        for old, new in names:
            server.execute(_RENAME.format(sql.Identifier(old), sql.Identifier(new)))


def drop(server: Any, database: str) -> None:
    """Delete a database, and end what is connected to it."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def number(server: Any, database: str) -> int:
    """Return the number by which Postgres knows a database, whatever its name; 0 if there is none."""
    found = server.execute("SELECT oid FROM pg_database WHERE datname = %s", [database]).fetchone()
    return int(found[0]) if found else 0
