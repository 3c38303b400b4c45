"""Rates of limits, such as "10/m". Without Django: conf.settings reads it while the settings are made."""

import re

# Seconds of a period, by its first letter, as Django REST framework has it.
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# In a second.
_MICROSECONDS = 1_000_000
_RATE = re.compile(rf"([1-9][0-9]*)/([{''.join(SECONDS)}])[a-z]*")


def parse_rate(rate: str) -> tuple[int, int]:
    """Return the requests and the seconds of a rate. Raises ValueError for what is not a rate."""
    found = _RATE.fullmatch(rate)
    if not found:
        raise ValueError(f"{rate!r} is not requests/period, as in 10/m")
    requests, seconds = int(found[1]), SECONDS[found[2]]
    if requests > seconds * _MICROSECONDS:
        # Redis counts in microseconds: the interval between two requests would be 0.
        raise ValueError(f"{rate!r} is more than one request a microsecond")
    return requests, seconds
