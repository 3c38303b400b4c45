"""The settings that the stack itself needs, from the environment and .env."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from conf import local
from stack.errors import StackError


@dataclass(frozen=True)
class Environment:
    """What a developer may have set; ports are 0, URLs empty, where nothing was."""

    port: int
    postgres_port: int
    redis_port: int
    database_url: str
    redis_url: str


def read() -> Environment:
    """Return the environment, completed by .env. Raises StackError for what makes no sense."""
    try:
        env = local.read_env()
        ports = {name: env.int(name, default=0) for name in ("PORT", "POSTGRES_PORT", "REDIS_PORT")}
    except ValueError as error:
        raise StackError(f"PORT, POSTGRES_PORT and REDIS_PORT must be numbers: {error}") from error
    except Exception as error:
        raise StackError(str(error)) from error
    for name, port in ports.items():
        if not 0 <= port <= 65535:  # noqa: PLR2004 - the highest port
            raise StackError(f"{name}={port} is not a port; take one from 1024 to 65535.")
    return Environment(
        ports["PORT"],
        ports["POSTGRES_PORT"],
        ports["REDIS_PORT"],
        env("DATABASE_URL", default=""),
        env("REDIS_URL", default=""),
    )


def write_dotenv(path: Path = local.ROOT / ".env") -> None:
    """Write .env from .env.example with a secret of its own, unless there is one."""
    if path.exists():
        return
    example = path.with_name(".env.example").read_text()
    secret = f"SECRET_KEY={secrets.token_urlsafe(50)}"
    lines = [secret if line.startswith("SECRET_KEY=") else line for line in example.splitlines()]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
