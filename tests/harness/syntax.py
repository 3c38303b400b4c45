"""Finds syntax errors in the Nix and JSON files, on machines without Nix: `python -m tests.harness.syntax`."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tree_sitter_nix
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    ROOT / "flake.nix",
    ROOT / "flake.lock",
    ROOT / ".devcontainer/devcontainer.json",
    *sorted((ROOT / ".vscode").glob("*.json")),
]

_NIX = Parser(Language(tree_sitter_nix.language()))
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)


def nix(text: str) -> Node:
    """Return the syntax tree of Nix code."""
    return _NIX.parse(text.encode()).root_node


def nodes(node: Node) -> Iterator[Node]:
    """Walk a syntax tree."""
    yield node
    for child in node.children:
        yield from nodes(child)


def json_with_comments(text: str) -> Any:
    """Read JSON in which whole lines may be comments, as editors write it."""
    return json.loads(_COMMENT.sub("", text))


def errors(path: Path) -> list[str]:
    """Return what is wrong with a file, each with its line."""
    text = path.read_text()
    if path.suffix == ".nix":
        wrong = [node for node in nodes(nix(text)) if node.is_error or node.is_missing]
        return [f"{path}:{node.start_point.row + 1}: syntax error" for node in wrong]
    try:
        json_with_comments(text)
    except ValueError as error:
        return [f"{path}: {error}"]
    return []


def report(paths: Iterable[Path]) -> str | None:
    """Return what is wrong with the files, or None: what sys.exit takes for a failure and for success."""
    return "\n".join(error for path in paths for error in errors(path)) or None


if __name__ == "__main__":
    sys.exit(report(FILES))
