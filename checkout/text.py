"""Text for terminals: which control characters are escaped, and whether there are colours."""

import os
import re
from collections.abc import Callable
from typing import TextIO

# What moves the cursor, sets colours, or makes text run backwards, and half a character (a surrogate), which cannot be
# printed; a client may have sent it. A tab does no harm.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# Takes the codes of an SGR sequence ("1;31" for bold red) and a text.
Paint = Callable[[str, str], str]


def escape(text: str) -> str:
    """Return the text with its control characters, line breaks included, written as escapes."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def wants_colours(stream: TextIO) -> bool:
    """Return whether to write colours: a terminal has them, unless NO_COLOR or else FORCE_COLOR says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced != "0"
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painter(stream: TextIO) -> Paint:
    """Return a function that colours text, if the stream wants colours."""
    if wants_colours(stream):
        return lambda codes, text: f"\x1b[{codes}m{text}\x1b[0m"
    return lambda _codes, text: text
