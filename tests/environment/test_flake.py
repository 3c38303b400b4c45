"""What flake.nix offers, against the documents; and which systems touch which packages."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tree_sitter import Node

from tests.harness.syntax import ROOT, nix, nodes

FLAKE = nix((ROOT / "flake.nix").read_text())
DOCUMENT = (ROOT / "docs/environment.md").read_text()
NIXPKGS = Path(__file__).with_name("nixpkgs")
# Nix: for each output and system, the derivations by name (a formatter has none).
_DERIVATIONS = """
  flake: builtins.mapAttrs (_: builtins.mapAttrs (_: found:
    builtins.mapAttrs (_: it: it.drvPath or it.program) (if found ? drvPath then { it = found; } else found)))
  { inherit (flake) packages apps devShells checks formatter; }
"""
SYSTEMS = ["x86_64-linux", "aarch64-linux", "aarch64-darwin"]


def text(node: Node | None) -> str:
    assert node
    assert node.text
    return node.text.decode()


def outputs() -> set[str]:
    """Return the names of the attributes that the flake's outputs have."""
    function = next(node for node in nodes(FLAKE) if node.type == "binding" and text(node).startswith("outputs ="))
    result = next(node for node in nodes(function) if node.type == "let_expression").child_by_field_name("body")
    assert result
    (bindings,) = (child for child in result.children if child.type == "binding_set")
    found = [child for child in bindings.children if child.type == "binding"]
    return {text(binding.child_by_field_name("attrpath")) for binding in found}


def test_every_output_is_documented_and_every_documented_output_is_there() -> None:
    documented = re.findall(r"^\| `([a-zA-Z.]+)` \|", DOCUMENT.partition("## The flake")[2], re.MULTILINE)

    assert documented
    assert outputs() == set(documented)


def test_the_systems_are_those_that_every_package_has() -> None:
    (bound,) = (node for node in nodes(FLAKE) if node.type == "binding" and text(node).startswith("systems ="))

    assert re.findall(r'"(.*?)"', text(bound)) == SYSTEMS


def test_the_linters_are_named_in_one_place_which_linux_alone_evaluates() -> None:
    named = [node for node in nodes(FLAKE) if node.type == "select_expression" and text(node) == "pkgs.hadolint"]
    used = [node for node in nodes(FLAKE) if node.type == "apply_expression" and text(node) == "linters pkgs"]

    assert len(named) == 1
    assert used
    for node in used:
        guards = []
        parent = node.parent
        while parent:
            guards.append(text(parent))
            parent = parent.parent
        assert any(re.match(r"lib\.optional(Attrs|String) \(isLinux pkgs\)", guard) for guard in guards), text(node)


@pytest.mark.skipif(not shutil.which("nix"), reason="no Nix here; the flake's jobs of the workflow have it")
def test_every_output_evaluates_for_every_system_and_hadolint_for_linux_alone(tmp_path: Path) -> None:
    for name in ("flake.nix", "flake.lock", "versions.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    found = evaluated(tmp_path, _DERIVATIONS)

    assert {tuple(systems) for systems in found.values()} == {tuple(sorted(SYSTEMS))}
    assert set(found["packages"]["aarch64-darwin"]) == {"default", "toolchain"}
    assert set(found["packages"]["x86_64-linux"]) == {"default", "toolchain", "linters"}
    assert set(found["checks"]["aarch64-darwin"]) == {"toolchain"}


def evaluated(flake: Path, apply: str) -> Any:
    command = ["nix", "--extra-experimental-features", "nix-command flakes", "eval", "--json", f"path:{flake}#."]
    options = ["--override-input", "nixpkgs", f"path:{NIXPKGS}", "--no-write-lock-file", "--apply", apply]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
