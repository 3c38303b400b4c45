"""Where this checkout keeps its state and its sockets, and how it reads its environment.

The one module that both the settings and the native stack know. It needs no Django settings, so
that the stack can start before there is a database.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

import environ
from django.core.exceptions import ImproperlyConfigured

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

_ENV_LINE = re.compile(r"(?:export )?[A-Za-z_][A-Za-z0-9_]*=.*")


def read_env(path: Path = ROOT / ".env") -> environ.Env:
    """Return the environment, completed by the lines of the file (the environment wins).

    Raises ImproperlyConfigured with the line's number, never with its content, for a line that is
    neither empty, a comment nor NAME=value.
    """
    if path.is_file():
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            text = line.strip()
            if text and not text.startswith("#") and not _ENV_LINE.fullmatch(text):
                raise ImproperlyConfigured(f"{path.name}, line {number}: not NAME=value. Correct or delete the line.")
        environ.Env.read_env(path)
    return environ.Env()


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


def is_local(url: str) -> bool:
    """Return whether a server's URL means this machine; no URL means the checkout's own sockets."""
    parts = urlsplit(url)
    # libpq takes the host from the query, too, and prefers it.
    query = parse_qs(parts.query)
    hosts = [unquote(parts.hostname or ""), *query.get("host", []), *query.get("hostaddr", [])]
    return all(host in {"", "localhost", "127.0.0.1", "::1"} or host.startswith("/") for host in hosts)


def secret(path: Path) -> str:
    """Return the secret that the file holds; a file that is missing is written (0600) with a new one."""
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()
