"""Ends a process when its parent dies (Linux; prctl(2), PR_SET_PDEATHSIG)."""

import ctypes
import os
import sys

_SET_DEATH_SIGNAL = 1


def signal_when_parent_dies(number: int, *, parent: str) -> None:
    """Have the kernel send this process a signal when its parent ends, in whatever way.

    Exits at once if the parent has ended before. Elsewhere than on Linux there is no such signal, and nothing is done.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, number)
    if os.getppid() == 1:
        sys.exit(f"{parent} is gone")
