"""Whatever a test logs or raises, its report reaches the process that prints it."""

import subprocess
import sys
from pathlib import Path

import pytest

from checkout import paths

_HALF_CHARACTERS = r"""
import logging


def test_that_logs_one():
    logging.getLogger("any").warning("\ud800")


def test_that_fails_with_one():
    raise ValueError("\udfff", {"\ud800": ["\udc00"]})
"""


@pytest.mark.long
def test_half_a_character_does_not_end_a_parallel_run(tmp_path: Path) -> None:
    file = tmp_path / "test_half_characters.py"
    file.write_text(_HALF_CHARACTERS)

    command = [sys.executable, "-m", "pytest", "-c", paths.ROOT / "pytest.ini", "-n", "1", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-p", "tests.harness.reports", file],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert (done.returncode, "1 failed, 1 passed" in done.stdout) == (1, True), done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert "\\udfff" in done.stdout
