"""A migration that would hurt a deployment in use is found, with what to do instead; its safe way passes."""

from collections.abc import Callable

import pytest

from tests.harness.checkout import Checkout

MIGRATION = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django_migration_linter.operations import IgnoreMigration


class Migration(migrations.Migration):
    dependencies = [("users", "0003_session_version")]
    atomic = {atomic}
    operations = [{operations}]
"""
# What it does, and how it is told: the finding and what to do instead.
HURTS = {
    'migrations.RemoveField("customuser", "first_name")': ("DROPPING columns", "First a release without the field"),
    'migrations.RenameField("customuser", "first_name", "name")': ("RENAMING columns", "db_column"),
    'migrations.AddField("customuser", "age", models.IntegerField(default=0))': ("NOT NULL", "db_default"),
    'migrations.AddIndex("customuser", models.Index(fields=["last_name"], name="i"))': (
        "CREATE INDEX locks",
        "AddIndexConcurrently",
    ),
    'migrations.DeleteModel("AuthToken")': ("DROPPING table", "does not use it"),
}
SAFE = [
    'migrations.AddField("customuser", "note", models.TextField(null=True))',
    'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("customuser", "first_name")])',
    'IgnoreMigration(), migrations.RemoveField("customuser", "first_name")',
    'AddIndexConcurrently("customuser", models.Index(fields=["last_name"], name="i"))',
]


@pytest.fixture(scope="module")
def checkout(make_started: Callable[..., Checkout]) -> Checkout:
    checkout = make_started()
    checkout.just("up")
    return checkout


def lint(checkout: Checkout, operations: str) -> tuple[int, str]:
    file = checkout.path / "apps/users/migrations/0004_trial.py"
    file.write_text(MIGRATION.format(operations=operations, atomic="Concurrently" not in operations))
    try:
        done = checkout.just("lint-migrations", check=False)
    finally:
        file.unlink()
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("operations", HURTS)
def test_what_would_hurt_is_found_with_what_to_do_instead(operations: str, checkout: Checkout) -> None:
    status, said = lint(checkout, operations)
    assert status == 1, said
    for part in ("0004_trial", *HURTS[operations], "IgnoreMigration"):
        assert part in said


@pytest.mark.parametrize("operations", SAFE)
def test_the_safe_way_passes(operations: str, checkout: Checkout) -> None:
    assert lint(checkout, operations)[0] == 0
