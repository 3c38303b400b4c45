"""Servers that are not ours: a DATABASE_URL or REDIS_URL that points elsewhere."""

from stack.environment import Environment


def ours(settings: Environment) -> tuple[str, ...]:
    """Return the servers that are ours to run: those that no URL puts elsewhere."""
    elsewhere = {"postgres": settings.database_url, "redis": settings.redis_url}
    return tuple(name for name, url in elsewhere.items() if not url)
