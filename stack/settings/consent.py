"""Asks once before the first write into a database or Redis that is not the checkout's own.

A DATABASE_URL may belong to another project, exported and forgotten. An empty database is used without a question; one
with data is used only if a person agrees. The state directory remembers the answer.
"""

import hashlib
import json
import sys
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.conninfo import make_conninfo

from checkout import paths, servers
from stack.console import confirm
from stack.errors import StackError
from stack.settings import external_servers
from stack.settings.database import parse_database_url
from stack.settings.environment import Environment

_TABLES = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_')
"""


def require_consent(settings: Environment, *, yes: bool) -> None:
    """Ask once for each external database and Redis.

    Raises StackError if the answer is no, if there is no terminal, or if a server does not respond.
    """
    for variable, url in _urls(settings).items():
        if _identity(variable, url) in _agreed():
            continue
        what, holds = _database(url) if variable == "DATABASE_URL" else _redis(url)
        if holds:
            _ask(f"{variable} names {what}, which is not this checkout's own and holds {holds}.", yes=yes)
        paths.CONSENT.write_text(json.dumps([*_agreed(), _identity(variable, url)]))


def is_agreed(settings: Environment) -> bool:
    """Return whether a person has agreed to all external servers; ask nobody."""
    return all(_identity(variable, url) in _agreed() for variable, url in _urls(settings).items())


def name_of(url: str) -> str:
    """Return the name and the host of the database of a URL, without any secret."""
    parameters = parse_database_url(url)
    host = parameters.get("hostaddr") or parameters.get("host") or "this machine"
    port = f":{parameters['port']}" if "port" in parameters else ""
    return f"{parameters['dbname']} at {host}{port}"


def _urls(settings: Environment) -> dict[str, str]:
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return {variable: url for variable, url in urls.items() if url}


def _identity(variable: str, url: str) -> str:
    # With the host: the same name on another host is another database.
    name = name_of(url) if variable == "DATABASE_URL" else _redis_name(url)
    return hashlib.sha256(f"{variable} {name}".encode()).hexdigest()


def _database(url: str) -> tuple[str, str]:
    external_servers.require_database(url)
    parameters = parse_database_url(url)
    with psycopg.connect(make_conninfo("", **parameters, connect_timeout=5)) as connection:
        row = connection.execute(_TABLES).fetchone()
    tables = row[0] if row else 0
    return f"the database {name_of(url)}", f"{tables} tables" if tables else ""


def _redis_name(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}" + (f":{parts.port}" if parts.port else "")


def _redis(url: str) -> tuple[str, str]:
    external_servers.require_redis(url)
    held = []
    for job, number in servers.REDIS_DATABASES.items():
        with redis.Redis.from_url(servers.redis_url(job, base=url), socket_timeout=5) as client:
            if keys := int(client.dbsize()):
                held.append(f"{keys} keys in its database {number}")
    return f"the Redis at {_redis_name(url)}", ", ".join(held)


def _ask(fact: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise StackError(f"{fact} Nothing was changed. If it is meant: just up --yes. Otherwise unset the variable.")
    confirm(f"{fact} Write into it?", yes=False)


def _agreed() -> list[str]:
    try:
        found = json.loads(paths.CONSENT.read_text())
    except (OSError, ValueError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []
