"""The documents for people: which there are, their links, and the commands that they show."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from checkout import paths

_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?:sh|bash|shell|console)\n(?P<text>.*?)```", re.DOTALL
)
_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]+)[^)]*\)")


class Block(NamedTuple):
    """Commands that a document shows. reason says why no test runs them; empty for those that one runs."""

    file: str
    text: str
    reason: str


def documents() -> list[Path]:
    """Return all documents."""
    return sorted([*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").glob("*.md")])


def blocks() -> Iterator[Block]:
    """Yield the commands of all documents, in their order."""
    for path in documents():
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            yield Block(str(path.relative_to(paths.ROOT)), found["text"], found["reason"] or "")


def broken_links() -> list[str]:
    """Return links to files that are not there."""
    return [
        f"{path.name}: {target}"
        for path in documents()
        for target in _LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
