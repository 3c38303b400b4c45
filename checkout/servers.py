"""The checkout's own Postgres and Redis, and URLs of external ones."""

import secrets
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from checkout import paths

POSTGRES_USER = "postgres"
POSTGRES_DATABASE = "app"

# One server, one database for each purpose: a flush of the cache must drop neither the queue nor the limits.
REDIS_DATABASES = {"broker": 0, "cache": 1, "limiter": 2}
REDIS_DATABASE_COUNT = 256
_REDIS_SCHEMES = {"redis", "rediss", "unix", "redis+socket"}
_LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}


def redis_url(purpose: str, *, base: str = "", offset: int = 0, scheme: str = "unix") -> str:
    """Return the URL of the Redis database for a purpose: "broker", "cache" or "limiter".

    Args:
        purpose: A key of REDIS_DATABASES.
        base: The URL of an external server. Without one, the URL leads to the checkout's own socket.
        offset: Added to the number of the database; the tests have databases of their own.
        scheme: How the client names a socket; Celery wants "redis+socket".
    """
    database = REDIS_DATABASES[purpose] + offset
    parts = urlsplit(base or _own_redis())
    if parts.scheme not in {"unix", "redis+socket"}:
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))
    option = "virtual_host" if scheme == "redis+socket" else "db"
    return f"{scheme}://{parts.netloc}{parts.path}?{option}={database}"


def _own_redis() -> str:
    password = redis_password()
    credentials = f":{quote(password, safe='')}@" if password else ""
    return f"unix://{credentials}{paths.REDIS_SOCKET}"


def redis_password() -> str:
    """Return the password of the checkout's Redis; empty unless REDIS_PORT opens a TCP port."""
    file = paths.REDIS_PASSWORD_FILE
    return file.read_text().strip() if file.is_file() else ""


def redis_url_problem(url: str) -> str:
    """Return what is wrong with REDIS_URL, without any part of it; empty if it can be used."""
    try:
        parts = urlsplit(url)
        understood = parts.scheme in _REDIS_SCHEMES and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        understood = False
    if not url or (understood and "@" not in (parts.hostname or "") and "@" not in parts.path):
        return ""
    return (
        "REDIS_URL is not like redis://:password@host:port. Correct or unset it."
        " Write / ? # @ in a password as %2F %3F %23 %40."
    )


def is_local(url: str) -> bool:
    """Return whether the URL of a server leads to this machine. No URL means the checkout's own sockets."""
    if not url:
        return True
    if url.partition(":")[0] in _REDIS_SCHEMES:
        host = unquote(urlsplit(url).hostname or "") if not redis_url_problem(url) else "unknown"
        return host in _LOOPBACK
    from checkout import database_url  # noqa: PLC0415 - libpq takes as long to import as everything else

    return database_url.is_local(url)


def secret(path: Path) -> str:
    """Return the secret in the file. Write a new one, readable by this user alone, if there is no file."""
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


def web_port() -> int:
    """Return the port on which the API of this checkout listens or listened last; 0 if it never did."""
    try:
        return int(paths.PORT_FILE.read_text())
    except (OSError, ValueError):
        return 0
