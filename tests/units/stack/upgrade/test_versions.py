"""What is said about a cluster of another major version than the programs."""

from pathlib import Path

import pytest

from checkout import paths
from stack.errors import StackError
from stack.upgrade import versions
from tests.units.stack.upgrade.test_old_programs import make_programs


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return programs of Postgres 18, beside a cluster whose version a test writes."""
    monkeypatch.setattr(paths, "POSTGRES_DATA", tmp_path / "postgres")
    paths.POSTGRES_DATA.mkdir()
    return make_programs(tmp_path / "bin", "18.6")


def said(programs: Path, cluster: str) -> str:
    (paths.POSTGRES_DATA / "PG_VERSION").write_text(cluster)
    with pytest.raises(StackError) as raised:
        versions.refuse_other(programs)
    return str(raised.value)


def test_a_cluster_of_the_same_version_is_taken(programs: Path) -> None:
    (paths.POSTGRES_DATA / "PG_VERSION").write_text("18\n")

    versions.refuse_other(programs)


@pytest.mark.parametrize("version", ["9\n", "9.6\n", "10\n", "17\n"])
def test_an_older_one_can_be_upgraded(programs: Path, version: str) -> None:
    message = said(programs, version)

    assert (
        f"was made by Postgres {version.strip()}, and the programs here are Postgres 18. It was not touched" in message
    )
    assert "To upgrade it" in message
    assert "just upgrade-postgres" in message


def test_a_newer_one_needs_newer_programs(programs: Path) -> None:
    assert "Go back to the programs of Postgres 19" in said(programs, "19\n")


@pytest.mark.parametrize("content", ["", "\n", "eighteen\n"])
def test_a_damaged_one_is_not_taken_for_an_old_one(programs: Path, content: str) -> None:
    assert "is damaged" in said(programs, content)
