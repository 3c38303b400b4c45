"""A kept connection is tested before its first use in a request, as with CONN_HEALTH_CHECKS, but mostly for free."""

import select
from time import monotonic
from typing import Any

from django.db.backends.postgresql import base

# Seconds without a query after which Postgres is asked: what ends a connection silently, such as a firewall, takes
# longer.
IDLE = 5.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Django asks Postgres (SELECT 1) at the first query of every request.

    A connection on which Postgres has sent nothing since the last query, a few seconds ago, is taken to be well: when
    Postgres ends, restarts, or closes a session, it closes the socket, which can then be read. So can be a socket on
    which TLS or a pool has sent anything; then Postgres is asked.
    """

    # Django sets them; the stubs do not know them.
    health_check_enabled: bool
    health_check_done: bool
    _used_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        if self.health_check_enabled and not self.health_check_done and self.connection is not None:
            self.health_check_done = monotonic() - self._used_at < IDLE and not is_readable(self.connection.fileno())
        super().close_if_health_check_failed()

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)  # type: ignore[misc] # not in the stubs
        self._used_at = monotonic()
        return cursor


def is_readable(descriptor: int) -> bool:
    """Return whether something, or the end, can be read from a socket."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
