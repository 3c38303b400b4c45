"""The checks of `just doctor`. Each returns what it found, or raises StackError with the problem and what to do."""

import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from checkout import paths, servers
from stack.errors import StackError
from stack.lifecycle import directories, limits, recovery
from stack.processes import discovery
from stack.programs import api_health, data_lock, postgres, supervisor, table, web
from stack.programs import binaries as programs
from stack.settings import external_servers, unknown_names, validation
from stack.settings.environment import Environment
from stack.upgrade import exchange, versions


def tools(_: Environment) -> str:
    """Check the interpreter and the tools."""
    found = [f"Python {platform.python_version()} ({sys.executable})"]
    found += [_version(Path(path), "--version") for name in ("uv", "just") if (path := shutil.which(name))]
    return ", ".join(found)


def state(_: Environment) -> str:
    """Check whether the state directory can be written."""
    directories.make_state()
    return str(paths.STATE)


def settings_file(_: Environment) -> str:
    """Check whether the settings are valid, and .env has no unknown names."""
    if problem := validation.problem():
        raise StackError(problem)
    found = unknown_names.found()
    if misspelt := [f"{name} (did you mean {meant}?)" for name, meant in found.items() if meant]:
        raise StackError(f"not a setting, and without effect: {', '.join(misspelt)}. Correct the name in .env.")
    return f"names that .env.example does not explain: {', '.join(found)}" if found else "every name is known"


def disk(_: Environment) -> str:
    """Check whether there is space on the disk."""
    directories.require_space()
    return f"{shutil.disk_usage(paths.STATE).free / 1e9:.1f} GB free"


def machine_limits(settings: Environment) -> str:
    """Check the limits of this user."""
    limits.require(settings)
    return "enough open files and processes, and a user with a name"


def sockets(_: Environment) -> str:
    """Check whether the directory of the sockets is safe."""
    if paths.RUNTIME.is_symlink() or paths.RUNTIME.exists():
        directories.check_runtime()
    return str(paths.RUNTIME)


def postgres_programs(settings: Environment) -> str:
    """Return which Postgres is used."""
    return "DATABASE_URL" if settings.database_url else _installed(lambda found: found.postgres_bin / "postgres")


def redis_programs(settings: Environment) -> str:
    """Return which Redis is used."""
    return "REDIS_URL" if settings.redis_url else _installed(lambda found: found.redis_server)


def _installed(path: Callable[[programs.Servers], Path]) -> str:
    if not _are_installed():
        return "not installed yet: just up"
    found = programs.find()
    return f"{_version(path(found), '--version')}, from {found.origin}"


def _are_installed() -> bool:
    return bool(programs.toolchain()) or paths.SERVICES.exists()


def _version(path: Path, option: str) -> str:
    try:
        done = subprocess.run([path, option], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"{path} does not run here ({error}). Remove {paths.SERVICES}, then: just up") from error
    return " ".join(done.stdout.split()[:4])


def cluster(settings: Environment) -> str:
    """Check whether Postgres can read the cluster, and name those that upgrades have kept."""
    if paths.POSTGRES_NEXT.exists():
        raise StackError("an upgrade of Postgres was interrupted. To complete or to undo it: just up")
    if settings.database_url or not postgres.CLUSTER.exists():
        return "none" if settings.database_url else "none yet: just up makes it"
    if _are_installed():
        versions.refuse_other(programs.find().postgres_bin)
    kept = "".join(f"; {path} is kept (just upgrade-postgres --delete-old)" for path in exchange.all_kept())
    return f"{postgres.CLUSTER}{kept}"


def data(settings: Environment) -> str:
    """Check whether another server uses the data."""
    if discovery.processes():
        return "in use by this checkout"
    for server in external_servers.managed(settings):
        data_lock.require_free(table.DATA[server])
    return "free"


def processes(_: Environment) -> str:
    """Check whether all processes of this checkout are supervised."""
    left = discovery.orphans(supervisor.pid())
    if left or (supervisor.programs() and not recovery.is_fully_supervised()):
        pids = ", ".join(str(process.pid) for process in left) or "the supervisor"
        raise StackError(f"left over from an earlier start, or without their files: {pids}. To heal it: just up")
    return f"{len(discovery.processes())} of this checkout"


def files(_: Environment) -> str:
    """Check whether an interrupted command has left files."""
    left = [*paths.STATE.glob("postgres.new.*"), *paths.STATE.glob("tools.*"), *paths.STATE.glob("backups/*.partial")]
    if not supervisor.programs() and not discovery.processes() and paths.RUNTIME.exists():
        left.append(paths.RUNTIME)
    if left:
        raise StackError("an interrupted command has left files. To remove them: rm -r " + shlex.join(map(str, left)))
    return "nothing left over"


def port(settings: Environment) -> str:
    """Check whether the port of the API is free, or its own."""
    wanted = settings.port or servers.web_port()
    if supervisor.program("web").runs:
        return f"{servers.web_port()} is the API's"
    if settings.port:
        web.require(settings.port)
    return f"{wanted or web.FIRST}" + ("" if settings.port else ", or the next free one")


def external(settings: Environment) -> str:
    """Check whether external servers respond."""
    if settings.database_url:
        external_servers.require_database(settings.database_url)
    if settings.redis_url:
        external_servers.require_redis(settings.redis_url)
    return ", ".join(name for name in table.SERVERS if name not in external_servers.managed(settings)) or "nothing"


def running_health(_: Environment) -> str:
    """Check the health of what runs."""
    if not supervisor.programs():
        return "nothing runs"
    if problems := api_health.problems():
        said = "; ".join(f"{name}: {why}" for name, why in problems.items())
        raise StackError(f"{said}. To see why: just logs. To heal what can be healed: just up")
    return "healthy"
