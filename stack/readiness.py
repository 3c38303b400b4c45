"""Do the servers answer, ours and those that are not, and is the application's database there?

Apart from the servers' own modules, and imported where it is used: the drivers take as long to import as a server
takes to start.
"""

from urllib.parse import unquote, urlsplit

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import make_conninfo

from conf import local
from stack import target
from stack.errors import StackError

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


def require_database(url: str) -> None:
    """Raise StackError, without the URL's password, where the database does not answer."""
    database = target.parse(url)
    try:
        psycopg.connect(make_conninfo("", **database, connect_timeout=5)).close()
    except psycopg.Error as error:
        raise StackError(
            f"the database of DATABASE_URL does not answer: {_without(database.get('password'), error)}."
            " Correct or unset DATABASE_URL."
        ) from None


def require_redis(url: str) -> None:
    """Raise StackError where the Redis does not answer."""
    try:
        client = redis.Redis.from_url(url, socket_timeout=5)
        client.ping()
    except (redis.RedisError, ValueError) as error:
        password = unquote(urlsplit(url).password or "")
        raise StackError(
            f"the Redis of REDIS_URL does not answer: {_without(password, error)}. Correct or unset REDIS_URL."
        ) from None


def _without(password: str | None, error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return text.replace(password, "…") if password else text
