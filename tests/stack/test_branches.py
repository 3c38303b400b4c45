"""Two branches with migrations of their own, and the data that each left: changed back and forth with snapshots."""

import os
from collections.abc import Callable

import pytest

from tests.harness import repositories
from tests.harness.checkout import Checkout
from tests.stack.test_snapshots import queue, state

pytestmark = pytest.mark.long

SWITCHES = int(os.environ.get("SOAK_SWITCHES", "2"))
MIGRATION = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0003_dead_letters_and_failed_tasks")]
    operations = [migrations.CreateModel("{name}", [("id", models.BigAutoField(primary_key=True))])]
"""


def add_migration(checkout: Checkout, name: str) -> None:
    (checkout.path / f"apps/core/migrations/0004_{name}.py").write_text(MIGRATION.format(name=name))
    repositories.commit(checkout, name)


def tables(checkout: Checkout) -> list[str]:
    said = checkout.just("psql", "-qAt", "-c", "select tablename from pg_tables where tablename ~ '^core_(more|other)'")
    return said.stdout.split()


@pytest.mark.timeout(600)
def test_two_branches_with_migrations_of_their_own_are_changed_again_and_again(
    make_started: Callable[..., Checkout],
) -> None:
    checkout = make_started()
    repositories.make(checkout, "trunk")
    checkout.just("up")
    checkout.just("down", "worker", "beat")
    checkout.just("snapshot", "trunk")
    left = {}
    for branch in ("more", "other"):
        checkout.run(*repositories.GIT, "switch", "--quiet", "--create", branch, "trunk")
        add_migration(checkout, branch)
        checkout.just("rewind", "trunk")
        checkout.just("migrate")
        checkout.just("snapshot", f"{branch}-0")
        left[branch] = (state(checkout), [f"core_{branch}"])

    for number in range(1, SWITCHES + 1):
        here, there = ("other", "more") if number % 2 else ("more", "other")
        checkout.just("seed", "--users", str(10 * number))
        queue(checkout, number)
        left[here] = (state(checkout), tables(checkout))
        checkout.just("snapshot", f"{here}-{number}")
        checkout.run(*repositories.GIT, "switch", "--quiet", there)
        checkout.just("rewind", f"{there}-{number - 1}")
        assert (state(checkout), tables(checkout)) == left[there], number
        checkout.just("manage", "migrate", "--check")
        checkout.just("test", "-n", "0", "apps/core/tests/health")
    checkout.just("up")
    assert checkout.health()["components"]["migrations"]["ok"]
