"""`just rehearse`: pending migrations on a copy of the rows, with the older release of the code beside them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness import copies, repositories
from tests.harness.checkout import Checkout, eventually

pytestmark = pytest.mark.long

TESTS = ("--tests", "apps/users/tests/test_user_model.py")
MIGRATIONS = {
    "0004_nickname": 'migrations.AddField("customuser", "nickname", models.CharField(max_length=50, null=True))',
    "0005_by_last_name": 'migrations.AddIndex("customuser", models.Index(fields=["last_name"], name="by_last_name"))',
    "0006_wide": 'migrations.AlterField("customuser", "session_version", models.BigIntegerField(default=0))',
    "0007_given_name": 'migrations.RenameField("customuser", "first_name", "given_name")',
}
_MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "{before}")]
    operations = [{operation}]
"""


def write(checkout: Checkout, before: str = "0003_session_version", **operations: str) -> None:
    """Write migrations of users, each after the one before it."""
    for name, operation in operations.items():
        file = checkout.path / f"apps/users/migrations/{name}.py"
        file.write_text(_MIGRATION.format(before=before, operation=operation))
        before = name


def content(checkout: Checkout) -> str:
    """Return the users, the columns of all tables, and what is applied."""
    columns = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    queries = ("SELECT * FROM users_customuser ORDER BY id", f"{columns} ORDER BY 1, 2", "TABLE django_migrations")
    return "".join(checkout.run("just", "psql", "-qAtc", query) for query in queries)


@pytest.fixture(scope="module")
def shop(make_started: Callable[..., Checkout]) -> Iterator[Checkout]:
    checkout = make_started("shop")
    repositories.make(checkout, "main")
    checkout.just("up")
    # What runs writes, too.
    checkout.just("down", "web", "worker", "beat")
    checkout.just("seed", "--users", "300")
    return checkout


def test_without_a_pending_migration_there_is_nothing_to_rehearse(shop: Checkout) -> None:
    done = shop.just("rehearse", *TESTS)
    assert "there is no migration that main" in done.stdout


def test_each_migration_has_its_verdict_and_the_database_is_as_it_was(shop: Checkout) -> None:
    write(shop, **MIGRATIONS)
    before = content(shop)

    done = shop.just("rehearse", "--json", *TESTS, check=False)

    assert (done.returncode, content(shop) == before, copies.leftovers(shop)) == (1, True, [])
    found = {each["name"].partition(".")[2]: each for each in json.loads(done.stdout)["migrations"]}
    assert {name: each["verdict"] for name, each in found.items()} == {
        "0004_nickname": "safe while running",
        "0005_by_last_name": "needs a window",
        "0006_wide": "needs a window",
        "0007_given_name": "must be split",
    }
    assert lock(found["0004_nickname"]) == ("ACCESS EXCLUSIVE", "reads and writes")
    assert lock(found["0005_by_last_name"]) == ("SHARE", "writes")
    assert 'CREATE INDEX "by_last_name"' in found["0005_by_last_name"]["reasons"][0]["why"]
    assert [each["table"] for each in found["0006_wide"]["rewrites"]] == ["users_customuser"]
    assert [each["rewrites"] for name, each in found.items() if name != "0006_wide"] == [[], [], []]
    assert all(each["tables"][0]["rows"] >= 300 for each in found.values())
    assert "to the same schema" in found["0005_by_last_name"]["backwards"]
    assert all("users/tests/test_user_model.py" in test["name"] for test in found["0007_given_name"]["failed_tests"])
    assert "first_name" in found["0007_given_name"]["failed_tests"][0]["error"]
    assert "GET /api/v1/auth/profile/" in {each["name"] for each in found["0007_given_name"]["failed_afterwards"]}


def lock(migration: dict[str, Any]) -> tuple[str, str]:
    """Return the mode that blocks others on the users' table, and what it blocks."""
    (found,) = {
        (each["mode"], each["blocks"])
        for each in migration["locks"]
        if each["table"] == "users_customuser" and each["blocks"]
    }
    return found


def test_what_is_applied_is_taken_back_on_the_copy_and_what_was_killed_leaves_nothing(shop: Checkout) -> None:
    for name in ("0005_by_last_name", "0006_wide", "0007_given_name"):
        (shop.path / f"apps/users/migrations/{name}.py").unlink(missing_ok=True)
    write(shop, **{"0004_nickname": MIGRATIONS["0004_nickname"]})
    shop.just("migrate")
    before = content(shop)

    with shop.start("rehearse", *TESTS) as killed:
        eventually(lambda: "users.0004_nickname  " in killed.text(), killed.text)
        copies.kill(shop, killed, "rehearse")
    done = shop.just("rehearse", *TESTS)

    assert "users.0004_nickname is applied: taken back on the copy" in done.stdout
    assert "users.0004_nickname: safe while running" in done.stdout
    assert (copies.leftovers(shop), content(shop) == before) == ([], True)
    assert shop.run("git", "worktree", "list").count("\n") == 1
