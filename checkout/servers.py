"""The checkout's own Postgres and Redis, and URLs of external ones."""

import secrets
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit, urlunsplit

from checkout import paths

POSTGRES_USER = "postgres"
POSTGRES_DATABASE = "app"

# One server, one database for each purpose: a flush of the cache must drop neither the queue nor the limits.
REDIS_DATABASES = {"broker": 0, "cache": 1, "limiter": 2}
REDIS_DATABASE_COUNT = 256
_REDIS_SCHEMES = {"redis", "rediss", "unix", "redis+socket"}
_SENTINEL = ("sentinel:", "redis+sentinel:", "rediss+sentinel:", "redis-sentinel:")
# What Celery's transport, the cache and the limiter all understand.
_REDIS_OPTIONS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}
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
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", _verified(parts.scheme, parts.query), ""))
    option = "virtual_host" if scheme == "redis+socket" else "db"
    return f"{scheme}://{parts.netloc}{parts.path}?{option}={database}"


def _verified(scheme: str, query: str) -> str:
    """Return the options of a URL. With TLS they say that the certificate is verified, unless they say otherwise.

    Celery's transport would take any certificate, the other clients not.
    """
    # Without a value it is none, for all of them.
    if scheme != "rediss" or "ssl_cert_reqs" in parse_qs(query):
        return query
    return "&".join(filter(None, (query, "ssl_cert_reqs=required")))


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
    if url.startswith(_SENTINEL):
        return (
            "REDIS_URL names a Sentinel, which the cache and the limits could not use. Name an address that leads to"
            " the primary, such as a proxy's: redis://:password@host:port."
        )
    try:
        parts = urlsplit(url)
        understood = parts.scheme in _REDIS_SCHEMES and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        understood = False
    if not url:
        return ""
    if understood and url.isprintable() and not set(parts.netloc) & set(" ,") and not _outside_host(parts) & {"@"}:
        return _redis_options_problem(parts)
    return (
        "REDIS_URL is not like redis://:password@host:port. Correct or unset it."
        " Write / ? # @ in a password as %2F %3F %23 %40."
    )


def _outside_host(parts: SplitResult) -> set[str]:
    # The rest of a password that has a / or an @ in it.
    return set(f"{parts.hostname or ''}{parts.path}")


def _redis_options_problem(parts: SplitResult) -> str:
    if parts.scheme in {"unix", "redis+socket"}:
        # Of these the path alone is used.
        return ""
    if not parts.hostname:
        return "REDIS_URL names no host. It is like redis://:password@host:port. Correct or unset it."
    if parts.path.strip("/") not in {"", "0"}:
        return "REDIS_URL names a database, and 0, 1 and 2 are used whatever it says. Take the number out."
    if set(parse_qs(parts.query, keep_blank_values=True)) - (_REDIS_OPTIONS if parts.scheme == "rediss" else set()):
        known = ", ".join(sorted(_REDIS_OPTIONS))
        return f"REDIS_URL has options that not all clients understand. There are {known}, for rediss:// alone."
    return ""


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
