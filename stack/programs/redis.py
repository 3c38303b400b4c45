"""The Redis of a checkout: on a unix socket, with an append-only file."""

from pathlib import Path

from checkout import paths, servers
from stack.programs import binaries, data_lock
from stack.settings import environment


def start_command() -> list[str]:
    """Claim the data for this process, and return the command line of the server."""
    configuration = configure(environment.read().redis_port)
    data_lock.claim_for_server(paths.REDIS_DATA)
    return [str(binaries.find().redis_server), str(configuration)]


def configure(port: int) -> Path:
    """Write the configuration of the server, which may contain a password, and return its path."""
    paths.REDIS_DATA.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "unixsocket": str(paths.REDIS_SOCKET),
        "unixsocketperm": "700",
        "databases": str(servers.REDIS_DATABASE_COUNT),
        "dir": str(paths.REDIS_DATA),
        # A queued task survives the server, since it is written before it is confirmed. No snapshots.
        "appendonly": "yes",
        # Plain commands, which Redis and Valkey both read. Each refuses a snapshot of the other.
        "aof-use-rdb-preamble": "no",
        # The title would overwrite the environment, by which stack/processes/discovery.py knows the process.
        "set-proc-title": "no",
        "save": "",
        # It stores the queue: nothing may be evicted.
        "maxmemory-policy": "noeviction",
    }
    if port:
        settings["requirepass"] = servers.secret(paths.REDIS_PASSWORD_FILE)
    else:
        paths.REDIS_PASSWORD_FILE.unlink(missing_ok=True)
    paths.REDIS_CONFIGURATION.touch(mode=0o600)
    paths.REDIS_CONFIGURATION.write_text("".join(f"{name} {_quote(value)}\n" for name, value in settings.items()))
    return paths.REDIS_CONFIGURATION


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
