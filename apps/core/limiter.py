"""How often something may happen: GCRA, the "leaky bucket as a meter", for several limits in one round trip.

A key holds one number, the theoretical arrival time: when everything that was let in would have come, had it
come evenly. It may run ahead of now by a whole period, not by more. Redis counts, with its own clock, so that
no two processes can disagree or race.
"""

import logging
from functools import cache
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from redis import Redis, RedisError

logger = logging.getLogger("django.security.throttle")

# Times are microseconds. Nothing is counted unless all limits let it in.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, arrivals = 0, {}
for i, key in ipairs(KEYS) do
  local interval, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  arrivals[i] = math.max(tonumber(redis.call('GET', key) or now), now) + interval
  wait = math.max(wait, arrivals[i] - period - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000))
end
return 0
"""
_PAUSE = 1.0


class Limit(NamedTuple):
    key: str
    requests: int
    seconds: int


class Limiter:
    """Ask Redis; while it is away let everyone in, for an API that is up beats one that counts.

    That holds for the login, too: whoever could stop Redis could otherwise lock everybody out, and the password
    hash still takes its time. It is on record, in security.log. After a failure Redis is not asked for a second,
    so that a hanging one does not slow down every request.
    """

    def __init__(self, client: "Redis") -> None:
        self.client = client
        self._take = client.register_script(_SCRIPT)
        self._away_until = 0.0

    def wait(self, limits: list[Limit]) -> float:
        """Count one request against all limits and return 0, or return the seconds to wait."""
        if monotonic() < self._away_until:
            return 0.0
        periods = [limit.seconds * 1_000_000 for limit in limits]
        intervals = [period // limit.requests for period, limit in zip(periods, limits, strict=True)]
        try:
            return (
                float(
                    self._take(
                        keys=[limit.key for limit in limits],
                        args=[number for pair in zip(intervals, periods, strict=True) for number in pair],
                    )
                )
                / 1_000_000
            )
        except RedisError as error:
            self._away_until = monotonic() + _PAUSE
            logger.warning("Redis is away: requests are not limited", extra={"error": type(error).__name__})
            return 0.0


@cache
def limiter() -> Limiter:
    return Limiter(Redis.from_url(settings.LIMITER_URL, **settings.REDIS_OPTIONS))
