"""Draws the rooms of the code for docs/architecture.md, from the import contracts and the imports.

`just architecture` writes the drawing into the page; tests/test_architecture.py compares them.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp

from checkout.paths import ROOT

PAGE = ROOT / "docs" / "architecture.md"
_BEGIN, _END = "<!-- drawing: just architecture -->\n", "<!-- end of the drawing -->\n"
_WIDTH = 110


def drawing() -> str:
    """Return the drawing as text: for each room its purpose, its modules, and the rooms that it imports."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    graph = grimp.build_graph("apps", "checkout", "conf", "stack", cache_dir=None)
    for module in list(graph.modules):
        if module.startswith("apps.") and (".tests" in module or ".migrations" in module):
            graph.remove_module(module)
    parts = []
    for contract in (found for found in contracts if found["type"] == "layers"):
        for package in contract["containers"]:
            parts += ["\n".join([package, *_rooms(graph, package, contract["layers"])])]
    return "\n\n".join(parts) + "\n"


def _rooms(graph: grimp.ImportGraph, package: str, layers: list[str]) -> Iterator[str]:
    for layer in layers:
        names = [name.strip() for name in layer.split("|")]
        rooms = [name for name in names if graph.find_children(f"{package}.{name}")]
        files = [name for name in names if name not in rooms]
        yield "  " + "-" * (_WIDTH - 2)
        if files:
            yield f"  {', '.join(files)}"
        for room in rooms:
            yield f"  {room}/  {_purpose(package, room)}"
            yield from _wrapped("modules", sorted(_names(graph, f"{package}.{room}")))
            yield from _wrapped("imports", sorted(_imported(graph, package, room)))


def _names(graph: grimp.ImportGraph, room: str) -> Iterator[str]:
    for child in graph.find_children(room):
        yield child.removeprefix(f"{room}.") + ("/" if graph.find_children(child) else "")


def _imported(graph: grimp.ImportGraph, package: str, room: str) -> set[str]:
    """Return the other rooms of the package that the room imports, and `checkout`."""
    inside = {f"{package}.{room}", *graph.find_descendants(f"{package}.{room}")}
    modules = {found for module in inside for found in graph.find_modules_directly_imported_by(module)} - inside
    below = {
        found.removeprefix(f"{package}.").partition(".")[0] for found in modules if found.startswith(f"{package}.")
    }
    return below | {"checkout" for found in modules if found.startswith("checkout")}


def _purpose(package: str, room: str) -> str:
    text = (ROOT / package.replace(".", "/") / room / "__init__.py").read_text()
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def _wrapped(title: str, words: list[str]) -> Iterator[str]:
    row = f"      {title:<8}"
    for word in words:
        if len(row) + len(word) + 1 > _WIDTH:
            yield row
            row = " " * 14
        row += f" {word}"
    if words:
        yield row


def page_with(text: str, page: str) -> str:
    """Return the page with this drawing in place of the one that it has."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}```text\n{text}```\n{_END}{after}"


def main() -> None:
    PAGE.write_text(page_with(drawing(), PAGE.read_text()))
    sys.stdout.write(f"written: {Path(PAGE).relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
