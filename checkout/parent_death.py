"""Ends a process when its parent dies (Linux; prctl(2), PR_SET_PDEATHSIG)."""

import ctypes
import sys

_SET_DEATH_SIGNAL = 1


def signal_when_parent_dies(number: int) -> None:
    """Have the kernel send this process a signal when its parent ends, in whatever way; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, number)
