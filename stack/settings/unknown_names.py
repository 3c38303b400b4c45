"""Names in .env that nothing reads; most are misspelt.

A name is known if .env.example explains it, or if the code contains it in quotes: a product may read a setting without
explaining it. Names that resemble no known one may belong to a library, and only `just doctor` shows them.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

from checkout import dotenv, paths
from stack.console import paint, say

_EXAMPLE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_QUOTED = re.compile(r"""["']([A-Za-z_][A-Za-z0-9_]*)["']""")


def found(root: Path = paths.ROOT) -> dict[str, str]:
    """Return unknown names in .env, each with the setting that it resembles, or an empty text."""
    explained = set(_EXAMPLE.findall((root / ".env.example").read_text()))
    unknown = [name for name in dotenv.read(root / ".env") if name not in explained]
    in_code = _named_in_code(root) if unknown else set()
    return {name: _closest(name, explained) for name in unknown if name not in in_code}


def _named_in_code(root: Path) -> set[str]:
    files = [path for directory in ("apps", "conf") for path in root.glob(f"{directory}/**/*.py")]
    return {name for path in files for name in _QUOTED.findall(path.read_text(errors="replace"))}


def _closest(name: str, names: Iterable[str]) -> str:
    # debug=True means DEBUG.
    return next(iter(difflib.get_close_matches(name.upper(), names, n=1, cutoff=0.8)), "")


def warn() -> None:
    """Print names that look misspelt. One that resembles no known name may belong to a library."""
    for name, meant in found().items():
        if meant:
            say(paint("yellow", f"  .env: {name} is not a setting, and has no effect. Did you mean {meant}?"))
