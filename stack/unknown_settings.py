"""Names in .env that nobody reads: most are misspelt."""

import difflib
import re

from conf import dotenv, local
from stack.console import paint, say

_EXAMPLE = re.compile(r"^#? ?([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def known() -> set[str]:
    """Return the names that .env.example explains; a product adds its own there."""
    return set(_EXAMPLE.findall((local.ROOT / ".env.example").read_text()))


def found() -> dict[str, str]:
    """Return the names in .env that .env.example does not know, each with the known one that is closest, or nothing."""
    names = known()
    unknown = [name for name in dotenv.read(local.ROOT / ".env") if name not in names]
    return {name: next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.8)), "") for name in unknown}


def warn() -> None:
    """Say which names look misspelt. What is not close to a known one may be a library's."""
    for name, meant in found().items():
        if meant:
            say(paint("yellow", f"  .env: {name} is not a setting, and has no effect. Did you mean {meant}?"))
