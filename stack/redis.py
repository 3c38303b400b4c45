"""The Redis of a checkout: on a unix socket, every write in its append-only file."""

from pathlib import Path

from conf import local
from stack import program

DATA = program.DATA["redis"]
CONFIGURATION = local.STATE / "redis.conf"


def configure(port: int) -> Path:
    """Write the server's configuration (it may hold a password) and return its path."""
    DATA.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "unixsocket": str(local.REDIS_SOCKET),
        "unixsocketperm": "700",
        "databases": str(local.REDIS_DATABASE_COUNT),
        "dir": str(DATA),
        # A queued task survives the server: written before it is confirmed, no snapshots beside it.
        "appendonly": "yes",
        # Plain commands, which Redis and Valkey both read: a snapshot of one the other refuses.
        "aof-use-rdb-preamble": "no",
        # Its title would overwrite the environment, by which the stack knows its own (stack/leftovers.py).
        "set-proc-title": "no",
        "save": "",
        # It holds a queue: nothing may be evicted to make room.
        "maxmemory-policy": "noeviction",
    }
    if port:
        settings["requirepass"] = local.secret(local.REDIS_PASSWORD_FILE)
    else:
        local.REDIS_PASSWORD_FILE.unlink(missing_ok=True)
    CONFIGURATION.touch(mode=0o600)
    CONFIGURATION.write_text("".join(f"{name} {_quote(value)}\n" for name, value in settings.items()))
    return CONFIGURATION


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
