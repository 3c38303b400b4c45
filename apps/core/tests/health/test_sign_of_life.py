import os
from pathlib import Path

import pytest

from apps.core.health import sign_of_life


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(sign_of_life.VARIABLE, str(tmp_path / "alive"))
    monkeypatch.setattr(sign_of_life, "_next", 0.0)
    return tmp_path / "alive"


def test_the_file_is_touched_once_in_a_while(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_of_life.show()
    os.utime(file, (1, 1))
    sign_of_life.show()
    assert file.stat().st_mtime == 1
    monkeypatch.setattr(sign_of_life, "_next", 0.0)
    sign_of_life.show()
    assert file.stat().st_mtime > 1


def test_a_place_that_cannot_be_written_ends_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sign_of_life.VARIABLE, "/nowhere/at/all")
    sign_of_life.show()


def test_without_a_file_nothing_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sign_of_life.VARIABLE)
    sign_of_life.show()
    assert not file.exists()
