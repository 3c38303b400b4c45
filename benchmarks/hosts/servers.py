"""Postgres, PgBouncer, Redis and HAProxy, each on a host of its own, in a directory that is deleted at the end.

They are watched through unix sockets, which no cut of the network touches.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from psycopg import Error, connect
from redis import Redis, RedisError

from benchmarks.hosts.network import HOSTS, address, inside

POOL_SIZE = 10
_USER = "nobody"

# Beyond what is needed to run: a connection whose other end is gone is given up in 10 s, as the application does.
_PGBOUNCER = """
[databases]
app = host={postgres} port=5432 dbname=app
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir = {directory}
auth_type = trust
auth_file = {directory}/users.txt
admin_users = postgres
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
tcp_keepidle = 5
tcp_keepintvl = 2
tcp_keepcnt = 3
tcp_user_timeout = 10000
server_connect_timeout = 5
server_login_retry = 1
query_wait_timeout = 5
"""

# A server is out after two checks that failed, within 1.5 s. What it was sent before is given up when its host stops
# acknowledging, not when a check fails: a server that is about to stop still answers. Only what is safe to repeat is
# repeated: anything after a connection that failed, and reads after an answer that did not come.
_HAPROXY = """
global
    stats socket {directory}/haproxy.sock level admin
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 20s
    timeout check 500ms
    option redispatch 1
    retries 2
    retry-on conn-failure empty-response response-timeout
    option srvtcpka
    srvtcpka-idle 2s
    srvtcpka-intvl 1s
    srvtcpka-cnt 3
frontend api
    bind *:80
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    default_backend web
backend web
    http-request disable-l7-retry unless METH_GET
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host api.example.com
    http-check expect status 200
    default-server check inter 500ms fastinter 500ms downinter 500ms fall 2 rise 2 tcp-ut 4s
    server web1 {web1}:8000
    server web2 {web2}:8000
"""


class Servers:
    """What runs, and ways to look into it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def postgres(self, database: str = "app") -> Any:
        """Return a connection to Postgres itself."""
        return connect(host=str(self.directory), user="postgres", dbname=database, autocommit=True)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.postgres() as connection:
            return list(connection.execute(sql))

    def pool(self) -> list[dict[str, Any]]:
        """Return the rows of SHOW POOLS for the application's database."""
        parameters = {"host": str(self.directory), "port": 6432, "user": "postgres", "dbname": "pgbouncer"}
        with connect(**parameters, autocommit=True, prepare_threshold=None) as connection:  # type: ignore[arg-type]
            connection.adapters.types  # noqa: B018 - the console knows no parameters
            cursor = connection.execute("SHOW POOLS")
            names = [column.name for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return [row for row in rows if row["database"] == "app"]

    def redis(self) -> "Redis":
        return Redis(unix_socket_path=str(self.directory / "redis.sock"))


@contextmanager
def servers(directory: Path) -> Iterator[Servers]:
    """Start the servers, and stop them at the end."""
    directory.chmod(0o711)
    made = Servers(directory)
    with ExitStack() as stack:
        stack.enter_context(_postgres(directory))
        _until(lambda: made.postgres("postgres").close())
        with made.postgres("postgres") as connection:
            connection.execute("CREATE DATABASE app")
        for host, command in _others(directory):
            stack.enter_context(_running(host, command, directory))
        _until(lambda: made.redis().ping())
        _until(made.pool)
        yield made


@contextmanager
def _postgres(directory: Path) -> Iterator[None]:
    data = directory / "postgres"
    data.mkdir()
    shutil.chown(data, _USER)
    shutil.chown(directory, _USER)
    initdb, postgres = binary("initdb"), binary("postgres")
    options = ["-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale"]
    subprocess.run([*_as_nobody(), initdb, *options], stdout=subprocess.DEVNULL, check=True, cwd="/")
    with (data / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {address('pool')}/24 trust\n")
    settings = {"listen_addresses": "*", "unix_socket_directories": str(directory), "max_connections": "60"}
    command = [postgres, "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
    with _running("postgres", command, directory):
        yield


def _others(directory: Path) -> Iterator[tuple[str, list[str]]]:
    names = {host: address(host) for host in HOSTS} | {"directory": str(directory), "size": str(POOL_SIZE)}
    (directory / "users.txt").write_text('"postgres" ""\n')
    for name, text in (("pgbouncer.ini", _PGBOUNCER), ("haproxy.cfg", _HAPROXY)):
        (directory / name).write_text(text.format(**names))
    (directory / "redis").mkdir()
    shutil.chown(directory / "redis", _USER)
    options = {
        "dir": str(directory / "redis"),
        "unixsocket": str(directory / "redis.sock"),
        "protected-mode": "no",
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    yield "redis", [binary("redis-server"), *(word for name, value in options.items() for word in (f"--{name}", value))]
    yield "pool", [binary("pgbouncer"), str(directory / "pgbouncer.ini")]
    yield "proxy", [binary("haproxy"), "-db", "-f", str(directory / "haproxy.cfg")]


@contextmanager
def _running(host: str, command: list[str], directory: Path) -> Iterator[None]:
    # Postgres and PgBouncer refuse to run as root. HAProxy binds port 80.
    user = [] if host == "proxy" else _as_nobody()
    with (directory / f"{host}.log").open("wb") as log:
        process = subprocess.Popen(
            inside(host, *user, *command), stdout=log, stderr=log, cwd="/", start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _as_nobody() -> list[str]:
    return ["setpriv", f"--reuid={_USER}", "--regid=nogroup", "--clear-groups", "--"]


def binary(name: str) -> str:
    """Return the path of a program; Debian keeps Postgres' out of PATH. Empty if it is not installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, places), "/usr/sbin"])) or ""


def _until(attempt: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except (Error, RedisError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
