"""The directory of the sockets is trusted only when nobody else can have prepared it."""

import os
from pathlib import Path

import pytest

from checkout import paths
from stack.errors import StackError
from stack.lifecycle.directories import check_runtime, forget_former_runtime


def test_a_missing_directory_is_made_for_this_user_alone(tmp_path: Path) -> None:
    check_runtime(tmp_path / "run")

    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o755)

    with pytest.raises(StackError, match=r"open to other users.*rm -r"):
        check_runtime(tmp_path / "run")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StackError, match="not a directory"):
        check_runtime(tmp_path / "run")


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    theirs = Path("/usr")
    if os.getuid() == 0:  # whom that belongs to
        theirs = tmp_path / "run"
        theirs.mkdir(mode=0o700)
        os.chown(theirs, 12345, 12345)

    with pytest.raises(StackError, match="belongs to another user"):
        check_runtime(theirs)


@pytest.mark.parametrize(("of", "stays"), [("this state", False), ("another state", True)])
def test_another_name_of_the_directory_leaves_no_directory_and_touches_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str, stays: bool
) -> None:
    state = "0123456789ab"
    monkeypatch.setattr(paths, "STATE", tmp_path)
    monkeypatch.setattr(paths, "RUNTIME_RECORD", tmp_path / "runtime")
    monkeypatch.setattr(paths, "CHECKOUT", state)
    monkeypatch.setattr(paths, "RUNTIME", tmp_path / f"acme-{os.getuid()}-{state}")
    former = tmp_path / f"other-{os.getuid()}-{state if of == 'this state' else 'ba9876543210'}"
    former.mkdir()
    (tmp_path / "runtime").write_text(str(former))

    forget_former_runtime()

    assert former.exists() is stays
    assert (tmp_path / "runtime").read_text() == str(paths.RUNTIME)
