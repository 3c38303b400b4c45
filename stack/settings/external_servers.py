"""Servers that are not the checkout's own: those that DATABASE_URL and REDIS_URL name.

The drivers are imported where they are used: they take as long to import as a server takes to start.
"""

from urllib.parse import unquote, urlsplit

from stack.errors import StackError
from stack.settings.database import parse_database_url
from stack.settings.environment import Environment


def managed(settings: Environment) -> tuple[str, ...]:
    """Return the names of the servers that the stack runs itself: those without a URL."""
    elsewhere = {"postgres": settings.database_url, "redis": settings.redis_url}
    return tuple(name for name, url in elsewhere.items() if not url)


def require_database(url: str) -> None:
    """Raise StackError, without the password of the URL, if the database does not respond."""
    parameters = parse_database_url(url)
    import psycopg
    from psycopg.conninfo import make_conninfo

    try:
        psycopg.connect(make_conninfo("", **parameters, connect_timeout=5)).close()
    except psycopg.Error as error:
        raise StackError(
            f"the database of DATABASE_URL does not answer: {_without(parameters.get('password'), error)}."
            " Correct or unset DATABASE_URL."
        ) from None


def require_redis(url: str) -> None:
    """Raise StackError, without the password of the URL, if the Redis does not respond."""
    import redis

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
