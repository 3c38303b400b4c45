from dataclasses import replace
from pathlib import Path

import pytest

from stack.data import base_backup
from stack.errors import StackError
from stack.programs import binaries


def test_a_postgres_without_the_program_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = replace(binaries.find(), postgres_bin=tmp_path)
    monkeypatch.setattr(binaries, "find", lambda: without)
    with pytest.raises(StackError, match="pg_basebackup is not there"):
        base_backup.take(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
