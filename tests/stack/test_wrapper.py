"""What ./just says on a machine that lacks something: what to do, and nothing is left half installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.checkout import ROOT

_NEEDED = ("sh", "env", "dirname", "mkdir", "rm", "cat", "cmp", "cp", "mv", "id", "find", "ls", "sed")
_PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a directory of programs that has all that ./just needs but Python."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in _NEEDED:
        (programs / name).symlink_to(shutil.which(name) or name)
    return programs


def install(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{script}\n")
    (machine / name).chmod(0o755)


def just(machine: Path, **variables: str) -> str:
    """Run ./just, which must fail and leave nothing; return what it said."""
    state = machine.parent / "state"
    environment = {"PATH": str(machine), "HOME": str(machine.parent), "STATE_DIR": str(state)} | variables
    done = subprocess.run(
        [ROOT / "just", "up"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stderr
    assert not list(state.glob("tools*"))
    return done.stderr


def test_no_python(machine: Path) -> None:
    said = just(machine)

    assert "needs Python 3.11 or newer" in said
    assert "found none" in said


def test_a_python_that_is_too_old(machine: Path) -> None:
    install(machine, "python3", 'case $1 in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac')

    said = just(machine)

    assert "found Python 3.9.2" in said
    assert "apt install python3" in said


def test_a_python_without_the_venv_module(machine: Path) -> None:
    # As Debian's python3 does without python3-venv.
    says = f'case $2 in venv) echo "ensurepip is not available"; exit 1 ;; *) exec "{_PYTHON}" "$@" ;; esac'
    install(machine, "python-without-venv", says)
    install(machine, "python3", f'case $2 in venv) exit 1 ;; *) echo "{machine}/python-without-venv" ;; esac')

    said = just(machine)

    assert "ensurepip is not available" in said
    assert "apt install python3-venv" in said


def test_no_network_at_the_first_start(machine: Path) -> None:
    install(machine, "python3", f'exec "{_PYTHON}" "$@"')

    said = just(machine, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0", PIP_CONFIG_FILE=os.devnull)

    assert "is there a network? Nothing was changed" in said


def test_a_state_directory_that_cannot_be_written(machine: Path) -> None:
    install(machine, "python3", f'exec "{_PYTHON}" "$@"')
    (machine.parent / "file").touch()

    assert "set STATE_DIR" in just(machine, STATE_DIR=str(machine.parent / "file/state"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory to somebody else")
def test_nothing_is_installed_into_the_state_of_another_user(machine: Path) -> None:
    install(machine, "python3", f'exec "{_PYTHON}" "$@"')
    state = machine.parent / "state"
    state.mkdir()
    os.chown(state, 12345, 12345)

    assert "Nothing was changed" in just(machine)
    assert list(state.iterdir()) == []
