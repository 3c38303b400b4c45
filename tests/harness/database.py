"""The databases of the tests: copies of one that is migrated already, and after a test as they were before.

A plugin of pytest, which conftest.py loads. Each process clones a template, which is migrated once and then kept
until a migration changes. And where a test commits, Django would empty all tables and write anew what a migration
writes for every app; to delete the rows and to copy the first ones back takes a twentieth of the time.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from checkout import paths
from stack.lifecycle import migrations

# Of this checkout: another one may use the same server.
_TEMPLATES = f"test_template_{paths.CHECKOUT}_"
# Any number; whoever has it makes the template.
_LOCK = 20180524


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let pytest-django clone the template."""
    name = f"{_TEMPLATES}{migrations.fingerprint()[:12]}"
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_TEMPLATES])
        there = {row[0] for row in cursor.fetchall()}
        if name not in there:
            for old in there:
                cursor.execute(f'DROP DATABASE "{old}"')
            _migrate(f"{name}_new")
            cursor.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def _migrate(name: str) -> None:
    """Make a database under this name: that of the template has only one that is complete."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict["TEST"], "NAME", name)
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.creation.destroy_test_db(before, verbosity=0, keepdb=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep what the migrations wrote, and restore it after each test that commits."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = _tables_and_columns(cursor)
        copies = [f"first.{table} AS SELECT {columns} FROM {table}" for table, columns in tables.items()]  # noqa: S608
        keep = [f"CREATE TABLE {copy}" for copy in copies]
        cursor.execute(";".join(["DROP SCHEMA IF EXISTS first CASCADE", "CREATE SCHEMA first", *keep]))
    # All in one transaction: Django's foreign keys are looked at when it ends.
    delete = [f"DELETE FROM {table}" for table in tables]  # noqa: S608 - the tables are ours
    copy = [f"INSERT INTO {table} ({columns}) TABLE first.{table}" for table, columns in tables.items()]
    restore = ";".join([*delete, *copy])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: connection.cursor().execute(restore))
        yield


def _tables_and_columns(cursor: Any) -> dict[str, str]:
    """Return the tables with the columns that can be written: what Postgres generates it refuses to take."""
    cursor.execute(
        "SELECT quote_ident(table_name), string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = 'public' AND is_generated = 'NEVER'"
        " AND table_name = ANY(%s) GROUP BY table_name",
        [connection.introspection.django_table_names(only_existing=True)],
    )
    return dict(cursor.fetchall())
