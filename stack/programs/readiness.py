"""Whether the checkout's own servers respond, and whether the application's database exists.

Not in the modules of the servers, and imported where it is used: the drivers take as long to import as a server takes
to start.
"""

import psycopg
import redis
from psycopg import sql

from checkout import paths, servers


def connect(database: str, port: int) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect to a database of the cluster over its socket."""
    return psycopg.connect(
        host=str(paths.RUNTIME),
        port=port or 5432,
        user=servers.POSTGRES_USER,
        dbname=database,
        autocommit=True,
        connect_timeout=2,
    )


def postgres_answers(port: int) -> bool:
    """Return whether the server accepts connections."""
    try:
        connect("postgres", port).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare_database(port: int) -> bool:
    """Create the application's database, and a password if there is a TCP port; return whether it is new."""
    with connect("postgres", port) as connection:
        name = servers.POSTGRES_DATABASE
        is_new = not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount
        if is_new:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if port:
            role, password = (
                sql.Identifier(servers.POSTGRES_USER),
                sql.Literal(servers.secret(paths.POSTGRES_PASSWORD_FILE)),
            )
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
    return is_new


def redis_answers() -> bool:
    """Return whether the server responds and has loaded its data."""
    client = redis.Redis.from_url(servers.redis_url("broker"), socket_timeout=2)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
        return False
    finally:
        client.close()
