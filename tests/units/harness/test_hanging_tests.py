"""A test that hangs has a limit, and its name and stack are told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import paths

_HANGING = """
import time
import pytest


@pytest.fixture
def resource():
    {fixture}


def wait_for_ever():
    time.sleep(600)


def test_that_hangs(resource):
    {test}


def test_after_it():
    pass
"""


@pytest.mark.long
@pytest.mark.parametrize(("fixture", "test"), [("pass", "wait_for_ever()"), ("wait_for_ever()", "pass")])
def test_a_test_that_hangs_fails_by_name_and_the_others_run(tmp_path: Path, fixture: str, test: str) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text(_HANGING.format(fixture=fixture, test=test))

    command = [sys.executable, "-m", "pytest", "-c", paths.ROOT / "pytest.ini", "--timeout=1", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, file], capture_output=True, text=True, check=False, timeout=50)

    assert done.returncode == 1
    # In the summary, the name; in the traceback, the line that waits.
    assert re.search(r"^(FAILED|ERROR) \S*test_that_hangs\b.* - .*Timeout", done.stdout, re.MULTILINE), done.stdout
    assert "time.sleep(600)" in done.stdout
    assert "1 passed" in done.stdout
