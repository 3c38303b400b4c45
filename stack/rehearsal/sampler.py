"""Looks at the locks of the copy every few milliseconds, from a session and a thread of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stack.data.throwaway import Copy

# Seconds. A look takes about half a millisecond.
_PAUSE = 0.004

_LOOK = """
    SELECT extract(epoch FROM clock_timestamp())::float8, l.pid, l.granted, l.mode, c.relname,
        extract(epoch FROM l.waitstart)::float8, CASE WHEN NOT l.granted THEN pg_blocking_pids(l.pid) END,
        CASE WHEN NOT l.granted THEN a.query END
    FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted OR (l.pid = %s AND l.locktype = 'relation' AND c.relkind IN ('r', 'm', 'p'))
"""


@dataclass
class Wait:
    """A session that waited: for which table (empty for a row), from when to when (epoch), doing what."""

    table: str
    start: float
    end: float
    query: str

    @property
    def seconds(self) -> float:
        """Return how long it waited."""
        return max(0.0, self.end - self.start)


@dataclass
class Seen:
    """What was seen of the locks of one session, the migration's.

    others are those who waited for it, own is what it waited for itself; held are the times in which it had a lock, the
    first and the last moment, by (table, mode).
    """

    others: list[Wait] = field(default_factory=list)
    own: list[Wait] = field(default_factory=list)
    held: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)


@contextmanager
def sampling(copy: Copy, process: int) -> Iterator[Seen]:
    """Look at the locks of a process of Postgres during the block; what was seen is complete after it."""
    seen = Seen()
    stopped = threading.Event()
    with copy.connect() as connection:
        thread = threading.Thread(target=_sample, args=(connection, process, seen, stopped))
        thread.start()
        try:
            yield seen
        finally:
            stopped.set()
            thread.join()


def _sample(connection: Any, process: int, seen: Seen, stopped: threading.Event) -> None:
    waits: dict[tuple[int, float], Wait] = {}
    last = 0.0
    while not stopped.wait(_PAUSE):
        rows = connection.execute(_LOOK, [process]).fetchall()
        blocked_by_it = _waiting_for(process, rows)
        for now, pid, is_granted, mode, table, since, _, query in rows:
            if is_granted and pid == process:
                times = seen.held.setdefault((table, mode), [])
                # What was not there at the last look is taken anew.
                start = times.pop()[0] if times and times[-1][1] >= last else now
                times.append((start, now))
            elif not is_granted and (pid == process or pid in blocked_by_it):
                start = since or now
                if (pid, start) not in waits:
                    waits[pid, start] = Wait(table or "", start, now, query or "")
                    (seen.own if pid == process else seen.others).append(waits[pid, start])
                waits[pid, start].end = now
        last = min((row[0] for row in rows), default=last)


def _waiting_for(process: int, rows: list[Any]) -> set[int]:
    """Return who waits for a process, or for somebody who does."""
    found, before = {process}, set[int]()
    while found != before:
        before = set(found)
        found |= {row[1] for row in rows if row[6] and found & set(row[6])}
    return found - {process}
