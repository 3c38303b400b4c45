"""Which migrations would hurt a deployment that is in use: `just lint-migrations`, part of `just check`.

django-migration-linter reads the SQL. Here is what to do instead, in which order of releases (docs/migrations.md). A
first migration of an app makes new tables, which nobody uses yet.
"""

import logging
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings")

import django
from django.apps import apps
from django_migration_linter import MigrationLinter

from checkout import paths

HINTS = {
    "DROP_COLUMN": "First a release without the field in the model (SeparateDatabaseAndState, the column nullable or"
    " with db_default); then one that drops the column.",
    "DROP_TABLE": "First a release whose code does not use it, then one that drops it.",
    "RENAME_TABLE": "Keep the name of the table: Meta.db_table.",
    "RENAME_COLUMN": "Keep the name of the column: db_column. Or add a new one, write both, fill it, read it, and drop"
    " the old one in a later release.",
    "NOT_NULL": "Give it db_default, so that the version before can write rows. For rows that are there: fill them in"
    " batches, add a CHECK as NOT VALID, validate it, then set NOT NULL.",
    "ALTER_COLUMN": "A new type rewrites the table while nobody can use it. Add a new column, write both, fill it in"
    " batches, and change over. A longer varchar or text does not rewrite: accept it.",
    "ADD_UNIQUE": "Build the index first: AddIndexConcurrently in a migration with atomic = False, then the constraint"
    " by USING INDEX.",
    "CREATE_INDEX": "AddIndexConcurrently (django.contrib.postgres.operations), in a migration with atomic = False.",
    "CREATE_INDEX_EXCLUSIVE": "Give the index a migration of its own.",
    "DROP_INDEX": "RemoveIndexConcurrently, in a migration with atomic = False.",
    "REINDEX": "REINDEX CONCURRENTLY, outside of a transaction.",
}
_AS_ERRORS = ["CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE", "DROP_INDEX", "REINDEX", "ALTER_COLUMN"]
_ACCEPT = "To accept it, with a reason: IgnoreMigration() in its operations (docs/migrations.md)."
# Released before there was this gate: on databases that have them, they run no more.
_BASELINE = ["0002_email_verified"]


class Gate(MigrationLinter):
    """The linter, which also says what to do instead."""

    def print_errors(self, errors: list[object]) -> None:
        super().print_errors(errors)
        for code in dict.fromkeys(getattr(error, "code", "") for error in errors):
            print(f"\t→ {HINTS.get(code, _ACCEPT)}")


def main() -> int:
    """Look at the migrations of the project's own apps, and print those that would hurt. Return the exit status."""
    django.setup()
    logging.getLogger("django_migration_linter").setLevel(logging.WARNING)
    own = [found.label for found in apps.get_app_configs() if found.path.startswith(f"{paths.ROOT / 'apps'}{os.sep}")]
    gate = Gate(
        str(paths.ROOT),
        include_apps=own,
        ignore_name=_BASELINE,
        ignore_initial_migrations=True,
        warnings_as_errors_tests=_AS_ERRORS,
        quiet=["ok", "ignore"],
        no_cache=True,
    )
    gate.lint_all_migrations()
    if gate.has_errors:
        print(_ACCEPT)
    return 1 if gate.has_errors else 0


if __name__ == "__main__":
    sys.exit(main())
