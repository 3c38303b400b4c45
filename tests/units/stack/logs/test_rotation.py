"""The files by kind stay bounded, and what is written meanwhile is not lost."""

import logging
from pathlib import Path

import pytest

from checkout import paths
from conf.logs.configuration import LogFile
from stack.logs import rotation


@pytest.fixture
def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "STATE", tmp_path)
    monkeypatch.setattr(paths, "LOGS_BY_KIND", tmp_path / "kinds")
    monkeypatch.setattr(paths, "DOTENV", tmp_path / ".env")
    monkeypatch.delenv("LOG_DIR", raising=False)
    (tmp_path / "kinds").mkdir()
    return tmp_path / "kinds"


def test_a_file_that_is_too_large_is_put_aside_and_the_process_goes_on_in_a_new_one(kinds: Path) -> None:
    handler = LogFile(str(kinds / "app.log"))
    for number in range(3):
        handler.emit(logging.makeLogRecord({"msg": f"line {number}"}))
        rotation.rotate(max_bytes=3)
    handler.close()

    assert (kinds / "app.log.1").read_text() == "line 2\n"
    assert sorted(path.name for path in kinds.iterdir()) == ["app.log.1"]


def test_a_small_file_stays(kinds: Path) -> None:
    (kinds / "app.log").write_text("line\n")
    rotation.rotate()
    assert (kinds / "app.log").exists()


def test_a_directory_elsewhere_is_somebody_elses_job(
    kinds: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("logs")
    (elsewhere / "app.log").write_text("line\n")
    monkeypatch.setenv("LOG_DIR", str(elsewhere))
    rotation.rotate(max_bytes=1)
    assert (elsewhere / "app.log").exists()


def test_nothing_is_stored_where_that_is_chosen(kinds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_DIR", "")
    assert rotation.directory() is None
