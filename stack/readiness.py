"""Do the servers answer, and is the application's database there?

Apart from the servers' own modules: the drivers take long to import, and who starts a server needs none.
"""

import psycopg
import redis
from psycopg import sql

from conf import local

PASSWORD = local.STATE / "postgres.password"


def connect(database: str, port: int) -> "psycopg.Connection[tuple[object, ...]]":
    """Connect to a database of the cluster by its socket."""
    return psycopg.connect(
        host=str(local.RUNTIME),
        port=port or 5432,
        user=local.POSTGRES_USER,
        dbname=database,
        autocommit=True,
        connect_timeout=2,
    )


def postgres_answers(port: int) -> bool:
    """Say whether the server takes connections."""
    try:
        connect("postgres", port).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare_database(port: int) -> bool:
    """Make the application's database, and a password where a TCP port was asked for; say whether it is new."""
    with connect("postgres", port) as connection:
        name = local.POSTGRES_DATABASE
        is_new = not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount
        if is_new:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        if port:
            role, password = sql.Identifier(local.POSTGRES_USER), sql.Literal(local.secret(PASSWORD))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
    return is_new


def redis_answers() -> bool:
    """Say whether the server answers, and has read its data."""
    client = redis.Redis.from_url(local.redis_url("broker"), socket_timeout=2)
    try:
        return bool(client.ping())
    except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
        return False
    finally:
        client.close()
