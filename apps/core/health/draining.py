"""Whether this server is about to stop: /readyz says so, while requests are still served.

One byte that gunicorn's processes share: the main one, which gets the signal, writes it.
"""

from mmap import mmap

_byte = mmap(-1, 1)


def begin() -> None:
    """Announce that the server is going to stop."""
    _byte[0] = 1


def has_begun() -> bool:
    """Return whether the server is going to stop."""
    return _byte[0] == 1
