"""Text that Postgres cannot store: NUL, and half of a surrogate pair."""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Return whether Postgres can store the text."""
    return _UNSTORABLE.search(text) is None


def make_storable(text: str) -> str:
    """Return the text with what Postgres cannot store written as escapes."""
    return _UNSTORABLE.sub(lambda found: found[0].encode("unicode_escape", "backslashreplace").decode(), text)
