"""Prepared statements, for queries of nearly all requests: Postgres plans them once for each connection."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg import errors

# How often a connection runs a query as it is, before it is prepared, which takes another round trip.
_THRESHOLD = 5
# A migration has changed the type of a column, and the connection's plan has the former one. Or something between here
# and Postgres is a pool, of which DATABASE_POOLED says nothing, and the statement is another connection's.
_OUTDATED = {
    error.sqlstate
    for error in (errors.FeatureNotSupported, errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)
}


def fetch_one(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """Return the first row, or None.

    In a transaction, and through a pool that gives each transaction another connection, nothing is prepared.
    """
    if connection.in_atomic_block or connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return _fetch_one(sql, parameters)
    try:
        with _prepares():
            return _fetch_one(sql, parameters)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _OUTDATED:
            raise
        connection.close()
        return _fetch_one(sql, parameters)


def _fetch_one(sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


@contextmanager
def _prepares() -> Iterator[None]:
    """Have psycopg prepare what this thread's connection runs. Django's own cursors put values into the SQL."""
    connection.ensure_connection()
    opened: Any = connection.connection
    kept = opened.cursor_factory, opened.prepare_threshold
    opened.cursor_factory, opened.prepare_threshold = ServerBindingCursor, _THRESHOLD
    try:
        yield
    finally:
        opened.cursor_factory, opened.prepare_threshold = kept
