import subprocess
from pathlib import Path

import pytest

from checkout import paths
from stack.lifecycle import migrations


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the migration of a checkout in which it was applied."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "LOCK_FILE", tmp_path / "uv.lock")
    monkeypatch.setattr(paths, "APPLIED_MIGRATIONS", tmp_path / "migrated")
    (tmp_path / "manage.py").write_text("")
    (tmp_path / "uv.lock").write_text("1")
    file = tmp_path / "apps/invoices/migrations/0001_initial.py"
    file.parent.mkdir(parents=True)
    file.write_text("1")
    migrations.migrate()
    return file


def test_a_migration_that_was_rewritten_after_it_was_applied_is_named(first: Path) -> None:
    assert migrations.rewritten() == []

    first.write_text("2")

    assert migrations.rewritten() == ["apps/invoices/migrations/0001_initial.py"]


def test_new_migrations_and_packages_are_none(first: Path, tmp_path: Path) -> None:
    first.with_name("0002_more.py").write_text("")
    (tmp_path / "uv.lock").write_text("2")

    assert migrations.rewritten() == []


@pytest.mark.parametrize("record", [None, "0f" * 32, "{"])
def test_without_a_record_nothing_is_known(first: Path, record: str | None) -> None:
    if record is None:
        migrations.forget()
    else:
        paths.APPLIED_MIGRATIONS.write_text(record)
    first.write_text("2")

    assert migrations.rewritten() == []


def test_what_decides_is_the_same_in_a_checkout_that_has_moved(first: Path, tmp_path: Path) -> None:
    before, elsewhere = migrations.fingerprint(), tmp_path.with_name("elsewhere")
    subprocess.run(["cp", "-r", tmp_path, elsewhere], check=True)
    paths.ROOT, paths.LOCK_FILE = elsewhere, elsewhere / "uv.lock"

    assert migrations.fingerprint() == before
