"""What is asked before anything in a checkout is used: whose is it, and are its packages where they were?"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from checkout import paths
from stack.bootstrap import relocate
from stack.errors import StackError
from stack.lifecycle import directories

SOMEBODY = 12345


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "a checkout"
    (root / "stack/bootstrap").mkdir(parents=True)
    for name in ("stack/bootstrap/preflight", "stack/bootstrap/relocate.py"):
        shutil.copy(paths.ROOT / name, root / name)
    return root


def preflight(root: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if name not in {"STATE_DIR", "SUDO_UID"}}
    environment = {name: value for name, value in inherited.items() if name != "UV_PROJECT_ENVIRONMENT"}
    return subprocess.run(
        ["stack/bootstrap/preflight"],
        cwd=root,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def of_somebody_else(directory: Path) -> Path:
    """Return a directory that is not ours: the one given, or root's, for an ordinary user can give nothing away."""
    if os.geteuid() != 0:
        return Path("/")
    directory.mkdir()
    os.chown(directory, SOMEBODY, SOMEBODY)
    return directory


def test_a_checkout_without_state_is_anybodys(checkout: Path) -> None:
    if os.geteuid() == 0:
        os.chown(checkout, SOMEBODY, SOMEBODY)

    done = preflight(checkout)

    assert (done.returncode, done.stderr) == (0, "")


def test_our_own_state_is_fine(checkout: Path) -> None:
    (checkout / ".state").mkdir()
    (checkout / ".venv").mkdir()

    assert preflight(checkout).returncode == 0


@pytest.mark.parametrize("name", [".state", ".venv"])
def test_state_and_packages_of_somebody_else_are_refused(checkout: Path, name: str) -> None:
    theirs = of_somebody_else(checkout / name)
    if theirs == Path("/"):
        (checkout / name).symlink_to(theirs)

    done = preflight(checkout)

    assert done.returncode == 1
    assert f"{checkout / name} belongs to" in done.stderr
    assert "Nothing was changed" in done.stderr


def test_a_state_elsewhere_that_is_somebody_elses_is_refused(checkout: Path, tmp_path: Path) -> None:
    theirs = of_somebody_else(tmp_path / "theirs")

    assert f"{theirs} belongs to" in preflight(checkout, STATE_DIR=str(theirs)).stderr
    with pytest.raises(StackError, match="Nothing was changed"):
        directories.require_owner(theirs)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is tempted")
def test_root_with_sudo_is_told_to_type_the_same_without(checkout: Path) -> None:
    of_somebody_else(checkout / ".state")

    assert "without sudo" in preflight(checkout, SUDO_UID=str(SOMEBODY)).stderr
    assert "sudo -u '#12345'" in preflight(checkout, SUDO_UID="54321").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_a_user_in_a_checkout_that_root_has_used_is_told_how_to_get_it() -> None:
    command = [
        "setpriv",
        f"--reuid={SOMEBODY}",
        f"--regid={SOMEBODY}",
        "--clear-groups",
        "sh",
        "-c",
        # As text: the checkout may lie where that user cannot read it.
        (paths.ROOT / "stack/bootstrap/preflight").read_text(),
    ]

    done = subprocess.run(
        command, cwd="/", env={"PATH": os.defpath, "STATE_DIR": "/etc"}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"sudo chown -R {SOMEBODY} '/etc'" in done.stderr


@pytest.mark.parametrize("form", ["#!{}/bin/python", "#!/bin/sh\n'''exec' '{}/bin/python' \"$0\" \"$@\"\n' '''"])
def test_the_scripts_of_a_moved_environment_start(checkout: Path, form: str) -> None:
    environment = checkout / ".venv"
    venv.create(environment, symlinks=True, with_pip=False)
    (environment / "bin/activate").write_text(f"VIRTUAL_ENV='{environment}'\nexport VIRTUAL_ENV\n")
    script = environment / "bin/tool"
    script.write_text(form.format(environment) + "\nimport sys\nprint(sys.prefix)\n")
    script.chmod(0o755)
    binary = b"\x7fELF" + os.urandom(64)
    (environment / "bin/binary").write_bytes(binary)
    assert preflight(checkout).returncode == 0
    assert str(environment) in script.read_text()

    moved = checkout.rename(checkout.with_name("a moved checkout"))
    done = preflight(moved)

    assert done.returncode == 0, done.stderr
    said = subprocess.run([moved / ".venv/bin/tool"], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(moved / ".venv")
    assert (moved / ".venv/bin/binary").read_bytes() == binary
    assert f"VIRTUAL_ENV='{moved}/.venv'" in (moved / ".venv/bin/activate").read_text()
    assert "relocatable = true" in (moved / ".venv/pyvenv.cfg").read_text()


def test_the_scripts_of_a_copied_checkout_start_its_own_packages(checkout: Path) -> None:
    venv.create(checkout / ".venv", symlinks=True, with_pip=False)
    (checkout / ".venv/bin/activate").write_text(f"VIRTUAL_ENV='{checkout / '.venv'}'\n")
    (checkout / ".venv/bin/tool").write_text(f"#!{checkout}/.venv/bin/python\n")

    copied = Path(shutil.copytree(checkout, checkout.with_name("copy"), symlinks=True))
    preflight(copied)

    assert str(checkout) + "/" not in (copied / ".venv/bin/tool").read_text()
    assert str(checkout) in (checkout / ".venv/bin/tool").read_text()


def test_an_environment_whose_interpreter_is_gone_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/bin/activate").write_text("VIRTUAL_ENV='/somewhere/else/.venv'\n")
    (checkout / ".venv/bin/python").symlink_to("/nowhere/python")

    assert preflight(checkout).returncode == 0
    assert not (checkout / ".venv").exists()


def test_the_first_lines_of_other_interpreters_stay(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    lines = ("#!/bin/sh\necho /old/.venv\n", f"#!{sys.executable}\n", "#!/usr/bin/env python3\n")
    for number, line in enumerate(lines):
        (tmp_path / "bin" / str(number)).write_text(line)

    relocate.relocate(tmp_path, "/old/.venv")

    assert [(tmp_path / "bin" / str(number)).read_text() for number in range(3)] == list(lines)
