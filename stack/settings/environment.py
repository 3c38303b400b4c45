"""The settings that the stack itself needs, from the environment and .env, which is read again at every start."""

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from checkout import dotenv, paths, servers
from stack.errors import StackError

_PORTS = ("PORT", "POSTGRES_PORT", "REDIS_PORT")


@dataclass(frozen=True)
class Environment:
    """Settings that the stack needs; a port is 0 and a URL is empty if it is not set."""

    port: int
    postgres_port: int
    redis_port: int
    database_url: str
    redis_url: str


def read() -> Environment:
    """Return the settings. Raises StackError for an invalid value, without showing it."""
    found = lines()
    ports = {name: _port(name, found) for name in _PORTS}
    redis_url = _value("REDIS_URL", found)
    if problem := servers.redis_url_problem(redis_url):
        raise StackError(problem)
    return Environment(
        ports["PORT"],
        ports["POSTGRES_PORT"],
        ports["REDIS_PORT"],
        _value("DATABASE_URL", found),
        redis_url,
    )


def read_for_tests() -> Environment:
    """Return the settings with the tests' servers: TEST_DATABASE_URL and TEST_REDIS_URL, or the checkout's own."""
    return replace(read(), database_url=setting("TEST_DATABASE_URL"), redis_url=setting("TEST_REDIS_URL"))


def setting(name: str) -> str:
    """Return the value of a setting; empty if it is not set. Raises StackError if .env cannot be understood."""
    return _value(name, lines())


def setting_or(name: str, default: str) -> str:
    """Return the value of a setting, which may be empty; the default if it is not set."""
    found = lines()
    return _value(name, found) if name in os.environ or name in found else default


def lines() -> dict[str, dotenv.Line]:
    """Return the lines of .env by name. Raises StackError if the file cannot be understood."""
    try:
        return dotenv.read(paths.DOTENV)
    except dotenv.DotenvError as error:
        raise StackError(str(error)) from None


def _value(name: str, lines: dict[str, dotenv.Line]) -> str:
    value = os.environ[name] if name in os.environ else lines[name].value if name in lines else ""
    return value.strip()


def _port(name: str, lines: dict[str, dotenv.Line]) -> int:
    value = _value(name, lines) or "0"
    if value.isdecimal() and int(value) <= 65535:  # noqa: PLR2004 - the highest port
        return int(value)
    where = f".env, line {lines[name].number}: " if name not in os.environ else ""
    raise StackError(f"{where}{name} is not the number of a port; take one from 1024 to 65535.")


def write_dotenv(path: Path = paths.DOTENV) -> None:
    """Write .env from .env.example with a new secret, unless it exists."""
    if path.exists():
        return
    example = path.with_name(".env.example").read_text()
    secret = f"SECRET_KEY={secrets.token_urlsafe(50)}"
    lines = [secret if line.startswith("SECRET_KEY=") else line for line in example.splitlines()]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
