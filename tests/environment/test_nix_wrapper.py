"""How ./just goes through Nix: evaluated once, again when something has changed, and never without Git.

The machine of these tests has a program called nix that runs its --command in a small toolchain, as `nix develop` does.
The real one is tried by the workflow's jobs with Nix.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.syntax import ROOT

_NEEDED = ("sh", "env", "dirname", "mkdir", "rm", "cat", "cmp", "mv", "tr", "uname", "sort", "id", "find", "ls", "sed")
_FILES = ("just", "flake.nix", "flake.lock", "versions.toml", "stack/bootstrap/preflight")


class Machine:
    """A checkout with a toolchain beside it, and nothing on PATH but what ./just needs, and nix."""

    def __init__(self, base: Path) -> None:
        self.checkout, self.programs, self.toolchain = base / "check out", base / "bin", base / "toolchain"
        for directory in (
            self.checkout / ".git",
            self.checkout / "stack/bootstrap",
            self.programs,
            self.toolchain / "bin",
        ):
            directory.mkdir(parents=True)
        for name in _FILES:
            shutil.copy(ROOT / name, self.checkout / name)
        for name in _NEEDED:
            (self.programs / name).symlink_to(shutil.which(name) or name)
        self.calls = base / "calls"
        variables = " ".join(f"{name}={self.toolchain}/bin" for name in ("POSTGRES_BIN", "REDIS_BIN", "UV_PYTHON"))
        self._script(
            self.programs / "nix",
            f'echo "CALL $*" >>{self.calls}; while [ "$1" != --command ]; do shift; done; shift',
            f'exec env -i PATH={self.toolchain}/bin:{self.programs} {variables} VALUE="two lines\n\\$HOME" "$@"',
        )
        self._script(self.toolchain / "bin/just", 'echo "$POSTGRES_BIN"; echo "$PATH"; echo "$VALUE"; echo "$@"')

    @staticmethod
    def _script(path: Path, *lines: str) -> None:
        path.write_text("\n".join(("#!/bin/sh", *lines, "")))
        path.chmod(0o755)

    def just(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(self.programs), "HOME": "/nowhere", "TERM": "xterm"} | variables
        return subprocess.run(
            [self.checkout / "just", *words], env=environment, capture_output=True, text=True, check=False
        )

    def evaluations(self) -> int:
        return self.calls.read_text().count("CALL ") if self.calls.exists() else 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_recipe_runs_in_the_flakes_environment_with_the_terminals_programs_after_it(machine: Machine) -> None:
    done = machine.just("status", "two words")

    toolchain = f"{machine.toolchain}/bin"
    path = f"{toolchain}:{machine.programs}:{machine.programs}"
    assert done.stdout.splitlines() == [toolchain, path, "two lines", "$HOME", "status two words"], done.stderr


def test_a_second_recipe_evaluates_nothing(machine: Machine) -> None:
    first, second = machine.just("up"), machine.just("up")

    assert first.stdout == second.stdout
    assert machine.evaluations() == 1
    assert "evaluating the flake" in first.stderr
    assert second.stderr == ""


@pytest.mark.parametrize("name", ["flake.nix", "flake.lock", "versions.toml"])
def test_a_changed_file_of_the_flake_is_evaluated(machine: Machine, name: str) -> None:
    machine.just("up")
    with (machine.checkout / name).open("a") as file:
        file.write("\n")

    machine.just("up")

    assert machine.evaluations() == 2


def test_other_flags_for_nix_are_evaluated_and_handed_on(machine: Machine) -> None:
    machine.just("up")

    machine.just("up", NIX_FLAGS="--option substitute false")

    assert machine.evaluations() == 2
    assert "--option substitute false --profile" in machine.calls.read_text()


def test_a_store_path_that_is_gone_is_made_again(machine: Machine) -> None:
    machine.just("up")
    machine.toolchain.rename(machine.toolchain.with_name("collected"))
    machine.just("up")

    assert machine.evaluations() == 2


def test_an_evaluation_that_fails_leaves_no_environment_and_names_the_other_way(machine: Machine) -> None:
    Machine._script(machine.programs / "nix", "echo 'error: no route' >&2; exit 1")

    done = machine.just("up")

    assert done.returncode == 1
    assert "error: no route" in done.stderr
    assert "JUST_WITHOUT_NIX=1 ./just" in done.stderr
    assert not (machine.checkout / ".state/nix-environment.inputs").exists()


def test_nothing_goes_into_nixs_store_without_git(machine: Machine) -> None:
    (machine.checkout / ".git").rmdir()

    done = machine.just("up")

    assert done.returncode == 1
    assert "git init && git add ." in done.stderr
    assert machine.evaluations() == 0


def test_a_checkout_inside_of_a_larger_repository_goes_through_nix(machine: Machine) -> None:
    (machine.checkout / ".git").rename(machine.checkout.parent / ".git")

    assert machine.just("up").returncode == 0


def test_lost_executable_bits_are_named(machine: Machine) -> None:
    (machine.checkout / "just").chmod(0o644)

    done = subprocess.run(
        ["sh", machine.checkout / "just", "up"],
        env={"PATH": str(machine.programs)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "chmod +x just manage.py" in done.stderr
