"""Django's `migrate`, made for a database that is in use, and for several machines that start at the same time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.migrations import Migration
from psycopg.errors import LockNotAvailable

from apps.core.postgres.direct import use_direct_connection

# The number of the lock that one `migrate` of a database holds: chosen once, the same in every version.
_LOCK = 7_210_938_201
_POLL_SECONDS = 0.5
# A migration that does not get its lock is tried again: the queries in front of it end sooner or later.
_ATTEMPTS = 20
_PAUSE_SECONDS = 1.0


class Command(Migrate):
    _current: Migration | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS or options["check_unapplied"] or options["plan"]:
            super().handle(*args, **options)
            return
        use_direct_connection()
        with self._alone(verbosity=options["verbosity"]):
            self._migrate(*args, **options)

    def _migrate(self, *args: Any, **options: Any) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self._explain(attempt)
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _explain(self, attempt: int) -> None:
        """Say that a migration did not get its lock, and raise CommandError after the last attempt."""
        what = f"{self._current} did not get its lock within {settings.MIGRATE_LOCK_TIMEOUT} s"
        if attempt == _ATTEMPTS:
            raise CommandError(
                f"{what}, {attempt} times. It was rolled back; what is before it is applied. Look for long transactions"
                " (pg_stat_activity), end them, and migrate again; or set MIGRATE_LOCK_TIMEOUT=0 to wait."
            )
        self.stdout.write(f"  {what}, so that requests would wait behind it; again (attempt {attempt + 1})")

    def migration_progress_callback(
        self,
        action: str,
        migration: Migration | None = None,
        fake: bool = False,  # noqa: FBT001, FBT002 - the signature is Django's
    ) -> None:
        if action in {"apply_start", "unapply_start"} and migration:
            self._current = migration
            # What is not atomic, such as an index that is built concurrently, waits without keeping others waiting, and
            # would be left half done.
            _set_lock_timeout(settings.MIGRATE_LOCK_TIMEOUT if migration.atomic else 0)
        super().migration_progress_callback(action, migration, fake)

    @contextmanager
    def _alone(self, *, verbosity: int) -> Iterator[None]:
        """Wait for another `migrate` of this database, and keep others waiting, by a lock of a session of its own."""
        other = connections.create_connection(DEFAULT_DB_ALIAS)
        other.settings_dict = connection.settings_dict
        try:
            with other.cursor() as cursor:
                waits = False
                # Asked again and again: whoever waits inside a query keeps an index from being built concurrently.
                while not _take(cursor):
                    if not waits and verbosity:
                        self.stdout.write("  Another migrate is at work on this database; this one waits for it.")
                    waits = True
                    time.sleep(_POLL_SECONDS)
            yield
        finally:
            other.close()


def _take(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
    return bool(cursor.fetchone()[0])


def _set_lock_timeout(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
