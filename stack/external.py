"""Servers that are not ours: a DATABASE_URL or REDIS_URL that points elsewhere."""

import psycopg
import redis
from psycopg.conninfo import make_conninfo

from stack import target
from stack.environment import Environment
from stack.errors import StackError


def ours(settings: Environment) -> tuple[str, ...]:
    """Return the servers that are ours to run: those that no URL puts elsewhere."""
    elsewhere = {"postgres": settings.database_url, "redis": settings.redis_url}
    return tuple(name for name, url in elsewhere.items() if not url)


def require_database(url: str) -> None:
    """Raise StackError, without the URL's password, where the database does not answer."""
    database = target.parse(url)
    try:
        psycopg.connect(make_conninfo("", **database, connect_timeout=5)).close()
    except psycopg.Error as error:
        raise StackError(
            f"the database of DATABASE_URL does not answer: {str(error).strip()}. Correct or unset DATABASE_URL."
        ) from None


def require_redis(url: str) -> None:
    """Raise StackError where the Redis does not answer."""
    try:
        redis.Redis.from_url(url, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        raise StackError(f"the Redis of REDIS_URL does not answer: {error}. Correct or unset REDIS_URL.") from None
