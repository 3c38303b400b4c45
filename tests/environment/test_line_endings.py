"""A clone as Git for Windows makes it: every text file that runs somewhere keeps its line endings."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from checkout import paths
from tests.harness.checkout import copy_of_the_working_tree
from tests.harness.syntax import ROOT


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the working tree by somebody who has core.autocrlf=true."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a Git repository: nothing to clone")
    origin, clone = tmp_path_factory.mktemp("origin"), tmp_path_factory.mktemp("clone") / "clone"
    copy_of_the_working_tree(origin)
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *identity, *words], cwd=origin, check=True)
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", origin, clone], check=True)
    return clone


def test_no_file_has_crlf(clone: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=clone, capture_output=True, text=True, check=True).stdout
    files = [clone / name for name in listed.split("\0") if name]

    assert len(files) > 100
    assert [file for file in files if b"\r\n" in file.read_bytes()] == []


def test_the_wrapper_and_the_recipes_run(clone: Path) -> None:
    # With the tools that are here: to install them is not what this is about.
    environment = os.environ | {"STATE_DIR": str(paths.STATE), "JUST_WITHOUT_NIX": "1"}

    done = subprocess.run(
        [clone / "just", "--list"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert "Start everything" in done.stdout


def test_the_shell_scripts_have_no_error(clone: Path) -> None:
    for script in ("just", ".ci/run"):
        subprocess.run([shutil.which("bash") or "bash", "-n", clone / script], check=True)
