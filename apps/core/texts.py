"""Characters that no text may have: Postgres stores neither NUL nor half of a surrogate pair."""

import re

_FORBIDDEN = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return _FORBIDDEN.search(text) is None
