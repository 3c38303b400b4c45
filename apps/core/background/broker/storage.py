"""What the broker stores in Redis, and the scripts that change it. Each script is one step: all of it or nothing.

A message that is not in a queue is stored as its queue, a line feed, and its bytes: under its delivery tag in the
hash of the lease under which a worker has received it, or in the sorted set of those that wait for their time.
"""

from typing import Any

from kombu.utils.json import dumps, loads

from checkout.queues import DELAYED, HOLDERS, LEASES, LOST_LEASES, held

# Stream of messages that cannot be processed.
DEAD_LETTERS = "dead-letters"
# Hash of counters, for the metrics.
COUNTS = "broker:counts"
# The header with the number of times that a message was lost.
LOST = "times_lost"
# The property with the time since which a worker may run the task, in seconds since 1970, for the metrics.
READY_AT = "ready_at"
# The start of the error that FETCH returns for a lease that has run out.
NO_LEASE = "NOLEASE"
# What decoding a message of unknown origin may raise.
UNDECODABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)

_SHARED = """
local function hint(queue)
  -- One is enough: a free worker asks again until the queue is empty.
  redis.call('LPUSH', queue .. ':hint', '')
  redis.call('LTRIM', queue .. ':hint', 0, 0)
  redis.call('EXPIRE', queue .. ':hint', 60)
end
local function now()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1000000
end
-- Move what is due from KEY to its queue, a hundred messages at most; return the milliseconds until the next is due.
local function move_due(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first[2] then return end
  local at = now()
  if tonumber(first[2]) <= at then
    for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', at, 'LIMIT', 0, 100)) do
      local cut = string.find(entry, '\\n', 1, true)
      local queue = string.sub(entry, 1, cut - 1)
      redis.call('LPUSH', queue, string.sub(entry, cut + 1))
      redis.call('ZREM', key, entry)
      hint(queue)
    end
    first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if not first[2] then return end
  end
  return math.max(1, math.ceil((first[2] - at) * 1000))
end
"""

# KEYS: the leases, the lease's messages, the dead letters, the delayed, then queues.
# ARGV: the lease, then for each queue whether its messages are acknowledged (replies of workers are not).
# Returns a queue and its message; a queue alone, if there is more to look through; or the milliseconds until a
# delayed message is due, if there is one.
FETCH = f"""{_SHARED}
if ARGV[1] ~= '' and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return redis.error_reply('{NO_LEASE} The lease has run out.')
end
local function flaw(message)
  local is_json, decoded = pcall(cjson.decode, message)
  if not is_json or type(decoded) ~= 'table' then return 'It is not a JSON object.' end
  local properties = decoded.properties
  if type(properties) ~= 'table' or type(properties.delivery_tag) ~= 'string' or properties.delivery_tag == '' then
    return 'It has no delivery tag.'
  end
  if type(properties.delivery_info) ~= 'table' then return 'It has no delivery information.' end
  if redis.call('HEXISTS', KEYS[2], properties.delivery_tag) == 1 then return 'Its delivery tag is in use.' end
  return nil, properties.delivery_tag
end
local wait = move_due(KEYS[4])
local looked_at = 0
for i = 5, #KEYS do
  local message = redis.call('RPOP', KEYS[i])
  while message do
    if ARGV[i - 3] == '' then return {{KEYS[i], message}} end
    local why, tag = flaw(message)
    if not why then
      redis.call('HSET', KEYS[2], tag, KEYS[i] .. '\\n' .. message)
      return {{KEYS[i], message}}
    end
    redis.call('XADD', KEYS[3], '*', 'queue', KEYS[i], 'reason', why, 'message', message)
    looked_at = looked_at + 1
    if looked_at == 1000 then return {{KEYS[i]}} end
    message = redis.call('RPOP', KEYS[i])
  end
end
return wait
"""

# KEYS: the delayed. Returns the milliseconds until the next one is due.
MOVE_DUE = f"{_SHARED} return move_due(KEYS[1])"

# KEYS: the delayed, the lease's messages and started tags. ARGV: seconds, queue, message, and the delivery tag of a
# message that a worker has received already. Wakes a worker of the queue, which then knows when to look.
DELAY = f"""{_SHARED}
if ARGV[4] ~= '' then
  if redis.call('HDEL', KEYS[2], ARGV[4]) == 0 then return end
  redis.call('SREM', KEYS[3], ARGV[4])
end
redis.call('ZADD', KEYS[1], now() + ARGV[1], ARGV[2] .. '\\n' .. ARGV[3])
hint(ARGV[2])
"""

# KEYS: the lease's messages and started tags. ARGV: the delivery tag. Returns whether the lease has the message.
START = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""

# KEYS: the lease's messages and started tags. ARGV: the delivery tag, the queue, the message as it is redelivered,
# and LPUSH or RPUSH for the end or the head of the queue. Returns whether the lease had the message.
GIVE_BACK = f"""{_SHARED}
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call(ARGV[4], ARGV[2], ARGV[3])
hint(ARGV[2])
return 1
"""

# KEYS: the lease's messages and started tags, the dead letters. ARGV: the delivery tag, the queue, the reason, the
# message.
PUT_ASIDE = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('XADD', KEYS[3], '*', 'queue', ARGV[2], 'reason', ARGV[3], 'message', ARGV[4])
return 1
"""

# KEYS: the leases, the holders. ARGV: the lease, its holder.
OPEN = f"""{_SHARED}
redis.call('ZADD', KEYS[1], now(), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
"""

# KEYS: the leases. ARGV: the lease. Returns whether it had not run out.
RENEW = f"""{_SHARED}
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now(), ARGV[1])
return 1
"""

# KEYS: the leases, the lost ones. ARGV: the lease, the time of its renewal. Returns whether it was not renewed since.
SEIZE = """
local renewed = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not renewed or tonumber(renewed) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[1])
return 1
"""

# KEYS: the leases, the lost ones, the holders, the lease's messages and started tags. ARGV: the lease.
# Returns whether the lease had no message any more, and so is gone.
CLOSE = """
if redis.call('HLEN', KEYS[4]) > 0 then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[5])
return 1
"""


def started(lease: str) -> str:
    """Return the key of the set of delivery tags whose tasks were started."""
    return f"{held(lease)}:started"


def split(entry: bytes) -> tuple[str, bytes]:
    """Return the queue and the message of an entry."""
    queue, _, message = entry.partition(b"\n")
    return queue.decode(), message


def give_back(client: Any, lease: str, tags: list[bytes], *, count: bool, leftmost: bool = False) -> int:
    """Return messages of a lease to their queues; return how many it was.

    count: Count those that were started as lost. leftmost: At the end of the queue, otherwise at its head. One that was
    lost before goes to the end in any case: at the head, each death of a worker would hit the same ones.
    """
    if not tags:
        return 0
    entries = client.hmget(held(lease), tags)
    lost = client.smismember(started(lease), tags) if count else [False] * len(tags)
    with client.pipeline(transaction=False) as pipe:
        give, aside = pipe.register_script(GIVE_BACK), pipe.register_script(PUT_ASIDE)
        keys = [held(lease), started(lease)]
        for tag, entry, is_lost in zip(tags, entries, lost, strict=True):
            if entry is None:
                continue
            queue, message = split(entry)
            try:
                payload = loads(message.decode())
                to_the_end = leftmost or (is_lost and times_lost(payload.get("headers") or {}) > 0)
                text, push = redelivered(payload, lost=bool(is_lost)), "LPUSH" if to_the_end else "RPUSH"
                give(keys=keys, args=[tag, queue, text, push], client=pipe)
            except UNDECODABLE:
                aside(keys=[*keys, DEAD_LETTERS], args=[tag, queue, "It cannot be decoded.", message], client=pipe)
        done = int(sum(pipe.execute()))
    if any(lost):
        client.hincrby(COUNTS, "lost", sum(map(bool, lost)))
    return done


def redelivered(payload: Any, *, lost: bool) -> str:
    """Return the message as it is delivered again. Raises one of UNDECODABLE."""
    headers = dict(payload.get("headers") or {})
    headers["redelivered"] = payload["properties"]["delivery_info"]["redelivered"] = True
    if lost:
        headers[LOST] = times_lost(headers) + 1
    return dumps({**payload, "headers": headers})


def put_aside(client: Any, lease: str, tag: str | bytes, reason: str) -> None:
    """Move a message of a lease to the dead letters."""
    entry = client.hget(held(lease), tag)
    if entry is not None:
        queue, message = split(entry)
        script = client.register_script(PUT_ASIDE)
        script(keys=[held(lease), started(lease), DEAD_LETTERS], args=[tag, queue, reason, message])


def delay(client: Any, queue: str, message: str, seconds: float, *, received: tuple[str, str] = ("", "")) -> None:
    """Keep a message until its time. received: the lease and the tag of one that a worker has received already."""
    lease, tag = received
    script = client.register_script(DELAY)
    script(keys=[DELAYED, held(lease), started(lease)], args=[seconds, queue, message, tag])


def purge_delayed(client: Any, queue: str) -> int:
    """Remove the delayed messages of a queue; return how many it was."""
    entries = [entry for entry, _ in client.zscan_iter(DELAYED, match=f"{queue}\n*")]
    return int(client.zrem(DELAYED, *entries)) if entries else 0


def close(client: Any, lease: str) -> bool:
    """Remove a lease that has no message any more. Return whether it is gone."""
    script = client.register_script(CLOSE)
    keys = [LEASES, LOST_LEASES, HOLDERS, held(lease), started(lease)]
    return bool(script(keys=keys, args=[lease]))


def times_lost(headers: Any) -> int:
    """Return the number in the header; 0 for anything else, since the message may come from anywhere."""
    found = headers.get(LOST)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0
