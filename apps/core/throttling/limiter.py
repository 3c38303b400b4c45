"""Rate limits by GCRA, the "leaky bucket as a meter", several of them in one round trip.

A key stores one number, the theoretical arrival time: the time by which all accepted requests would have arrived, had
they come evenly. It may be ahead of now by one period at most. Redis counts, by its own clock, so that processes
neither disagree nor race.
"""

import logging
from functools import cache
from time import monotonic
from typing import Any, NamedTuple

from django.conf import settings
from redis import Redis, RedisError

from apps.core.redis_errors import is_in_script
from apps.core.throttling.scripts import ScriptRunner

logger = logging.getLogger("django.security.throttle")

# Times are microseconds. A request is counted only if all limits accept it.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, arrivals = 0, {}
for i, key in ipairs(KEYS) do
  local interval, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  arrivals[i] = math.max(tonumber(redis.call('GET', key) or now), now)
  wait = math.max(wait, arrivals[i] + interval - period - now)
end
local answer = {wait}
for i, key in ipairs(KEYS) do
  local interval, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if wait <= 0 then
    arrivals[i] = arrivals[i] + interval
    redis.call('SET', key, string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000))
  end
  answer[2 * i] = math.max(0, math.floor((period - arrivals[i] + now) / interval))
  answer[2 * i + 1] = arrivals[i] - now
end
return answer
"""
_GIVE_BACK = """
local arrival = tonumber(redis.call('GET', KEYS[1]) or 0) - ARGV[1]
local time = redis.call('TIME')
local ahead = arrival - time[1] * 1000000 - time[2]
if ahead <= 0 then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', math.ceil(ahead / 1000))
"""
_RETRY_SECONDS = 1.0
_MICROSECONDS = 1_000_000


class Limit(NamedTuple):
    key: str
    requests: int
    seconds: int

    @property
    def interval(self) -> int:
        return self.seconds * _MICROSECONDS // self.requests


class State(NamedTuple):
    """The state of a limit: requests that it still accepts, and seconds until it accepts all of them again."""

    limit: Limit
    remaining: int
    reset: float


class Decision(NamedTuple):
    """Seconds to wait, 0 if the request is accepted; no states if Redis did not count."""

    wait: float
    states: tuple[State, ...]


class Limiter:
    """Count in Redis. While it is unavailable every request is accepted: an API that works beats one that counts.

    That includes the login: otherwise whoever stops Redis locks everybody out, and the password hash still takes its
    time. security.log records it. After a failure Redis is not asked for a second, so that a Redis that hangs does
    not slow down every request.
    """

    def __init__(self, client: "Redis") -> None:
        self.client = client
        self._take = client.register_script(_TAKE)
        self._give_back = client.register_script(_GIVE_BACK)
        self._scripts = ScriptRunner(client.connection_pool)
        self._unavailable_until = 0.0

    def take(self, limits: list[Limit]) -> Decision:
        """Count one request against all limits, or against none if one of them is used up."""
        args = [number for limit in limits for number in (limit.interval, limit.seconds * _MICROSECONDS)]
        answer = self._ask(self._take, [limit.key for limit in limits], args)
        if answer is None:
            return Decision(0.0, ())
        wait, *numbers = answer
        pairs = zip(limits, numbers[::2], numbers[1::2], strict=True)
        return Decision(
            max(0, wait) / _MICROSECONDS,
            tuple(State(limit, left, reset / _MICROSECONDS) for limit, left, reset in pairs),
        )

    def wait(self, limits: list[Limit]) -> float:
        """Count one request against all limits and return 0, or return the seconds to wait."""
        return self.take(limits).wait

    def give_back(self, limit: Limit) -> None:
        """Take back one request that was counted."""
        self._ask(self._give_back, [limit.key], [limit.interval])

    def _ask(self, script: Any, keys: list[str], args: list[int]) -> Any:
        if monotonic() < self._unavailable_until:
            return None
        try:
            return self._scripts.run(script, keys, args)
        except RedisError as error:
            if is_in_script(error):
                # To accept every request would hide it.
                raise
            self._unavailable_until = monotonic() + _RETRY_SECONDS
            logger.warning("Redis is unavailable: requests are not limited", extra={"error": type(error).__name__})
            return None


@cache
def limiter() -> Limiter:
    return Limiter(Redis.from_url(settings.LIMITER_URL, **settings.REDIS_OPTIONS))
