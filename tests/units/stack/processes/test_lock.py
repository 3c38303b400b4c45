"""One at a time in a checkout."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack.processes.lock import exclusive, exclusive_if_free

_HOLD = """
import sys, time
from pathlib import Path
from stack.processes.lock import exclusive
with exclusive(sys.argv[2], Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _HOLD, str(path), "test"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_who_waits_is_told_for_whom_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    first = hold(tmp_path / "lock")
    assert first.stdout
    assert first.stdout.readline() == "held\n"
    second = hold(tmp_path / "lock")
    assert second.stderr
    assert f"waiting for just test (pid {first.pid})" in second.stderr.readline()

    first.communicate("")

    assert second.communicate("")[0] == "held\n"


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = hold(tmp_path / "lock")
    assert first.stdout
    first.stdout.readline()
    first.kill()
    first.communicate()

    with exclusive("up", tmp_path / "lock"):
        assert "waiting" not in capfd.readouterr().err


def test_a_lock_file_deleted_by_somebody_does_not_lock_out_the_next(tmp_path: Path) -> None:
    with exclusive("up", tmp_path / "lock"):
        (tmp_path / "lock").unlink()

    with exclusive("down", tmp_path / "lock"):
        assert (tmp_path / "lock").exists()


def test_who_does_not_want_to_wait_is_told_whether_it_is_free(tmp_path: Path) -> None:
    with exclusive("up", tmp_path / "lock"), exclusive_if_free("the reloader", tmp_path / "lock") as is_free:
        assert not is_free
        assert (tmp_path / "lock").read_text().startswith("just up (pid")

    with exclusive_if_free("the reloader", tmp_path / "lock") as is_free:
        assert is_free
        assert (tmp_path / "lock").read_text().startswith("the reloader (pid")
