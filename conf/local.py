"""Where this checkout keeps its state and its sockets, and how it reads its environment.

With conf.dotenv and conf.database it is what both the settings and the native stack know. It needs no Django, so
that the stack can be looked at and stopped when the application's packages are broken.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from conf import dotenv

if TYPE_CHECKING:
    from conf.env import Env

PROJECT = "django-native"
ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("STATE_DIR") or ROOT / ".state").absolute()
LOGS = STATE / "log"

# Short, for macOS limits a socket's path to 103 bytes; of this user and this state alone.
CHECKOUT = hashlib.sha256(os.fsencode(STATE)).hexdigest()[:12]
RUNTIME = Path("/tmp") / f"{PROJECT}-{os.getuid()}-{CHECKOUT}"  # noqa: S108 - 0700, checked before use
REDIS_SOCKET = RUNTIME / "redis.sock"
REDIS_PASSWORD_FILE = STATE / "redis.password"

POSTGRES_USER = "postgres"
POSTGRES_DATABASE = "app"

# One server, a database for each job: flushing the cache must drop neither the queue nor the limits.
REDIS_DATABASES = {"broker": 0, "cache": 1, "limiter": 2}
REDIS_DATABASE_COUNT = 256
_REDIS_SCHEMES = {"redis", "rediss", "unix", "redis+socket"}


def read_env(path: Path = ROOT / ".env") -> "Env":
    """Return the environment, completed by the lines of the file (the environment wins).

    Raises ImproperlyConfigured with the line's number, never with its content, for a line that is not understood.
    """
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - the stack alone needs no Django

    from conf.env import Env  # noqa: PLC0415

    try:
        lines = dotenv.read(path)
    except dotenv.DotenvError as error:
        raise ImproperlyConfigured(str(error)) from None
    own = {name: line for name, line in lines.items() if name not in os.environ}
    values = {name: line.value for name, line in own.items()} | dict(os.environ)
    return Env(values, {name: line.number for name, line in own.items()})


def redis_url(job: str, *, base: str = "", offset: int = 0, scheme: str = "unix") -> str:
    """Return the URL of the Redis database for a job ("broker", "cache" or "limiter").

    base is the URL of an external server; without one, the checkout's own socket is meant.
    offset moves to another set of databases (the tests' own). Celery names a socket's URL
    differently: scheme="redis+socket".
    """
    database = REDIS_DATABASES[job] + offset
    parts = urlsplit(base or _own_redis())
    if parts.scheme not in {"unix", "redis+socket"}:
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))
    option = "virtual_host" if scheme == "redis+socket" else "db"
    return f"{scheme}://{parts.netloc}{parts.path}?{option}={database}"


def _own_redis() -> str:
    password = redis_password()
    credentials = f":{quote(password, safe='')}@" if password else ""
    return f"unix://{credentials}{REDIS_SOCKET}"


def redis_password() -> str:
    """Return the password of the checkout's Redis; empty unless a TCP port was asked for."""
    return REDIS_PASSWORD_FILE.read_text().strip() if REDIS_PASSWORD_FILE.is_file() else ""


def redis_url_problem(url: str) -> str:
    """Return what is wrong with REDIS_URL, without any of it; empty for one that can be used."""
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
    """Return whether a server's URL means this machine; no URL means the checkout's own sockets."""
    if not url:
        return True
    if url.partition(":")[0] in _REDIS_SCHEMES:
        host = unquote(urlsplit(url).hostname or "") if not redis_url_problem(url) else "unknown"
        return host in {"", "localhost", "127.0.0.1", "::1"}
    from conf import database  # noqa: PLC0415 - takes as long to import as all the rest

    return database.is_local(url)


def secret(path: Path) -> str:
    """Return the secret that the file holds; a file that is missing is written (0600) with a new one."""
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


def web_port() -> int:
    """Return the port on which the API of this checkout listens, or listened last; 8000 for never."""
    try:
        return int((STATE / "port").read_text())
    except (OSError, ValueError):
        return 8000
