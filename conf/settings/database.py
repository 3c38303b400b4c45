"""The entries of DATABASES."""

from typing import Any

from checkout import database_url, paths, servers

# A network that drops packets ends no connection: without limits a query in flight waits for a quarter of an hour, an
# answer for ever. With these it fails within 12 s; one that takes long does not, since its machine answers. The URL may
# have others. On a socket they mean nothing.
_LIMITS = {
    # Seconds.
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    # Milliseconds for which what was sent may stay unacknowledged.
    "tcp_user_timeout": "10000",
}


def entry(url: str, *, port: int = 0, pooled: bool = False, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Return the entry for a URL; without one, for the checkout's own Postgres, whose socket has the port in its name.

    Through a pool that gives each transaction another connection, a cursor of the server would be gone at the second
    fetch: rows of iterator() are then fetched at once. Raises ImproperlyConfigured for an invalid URL.
    """
    found = database_url.for_django(url, variable) if url else _own(port)
    return {
        **found,
        "ENGINE": "apps.core.postgres",
        "OPTIONS": _LIMITS | found.get("OPTIONS", {}),
        # Kept connections are five times as fast. With the health check they survive a restart of Postgres; the
        # engine asks Postgres only where that is needed.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
    }


def _own(port: int) -> dict[str, Any]:
    return {
        "HOST": str(paths.RUNTIME),
        # Set, since otherwise PGPORT of the user's environment would count.
        "PORT": port or 5432,
        "NAME": servers.POSTGRES_DATABASE,
        "USER": servers.POSTGRES_USER,
    }
