"""The servers that are compared, each with production settings and a port of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from checkout import paths, servers

DATABASE = "bench_api"
# No limit is reached: one request a microsecond is the most that can be counted.
MINUTE = "user=60000000/m,anonymous=60000000/m"
_ACCOUNTS = "login=60000000/m,login_failures=60000000/m"
DAY = "user=1000000000/d,anonymous=1000000000/d"
_SHIPPED = ("--config", "python:conf.gunicorn")
_STOCK = ("--worker-class", "sync", "--log-level", "warning")
# Variant: what gunicorn runs, its options, its limits.
VARIANTS = {
    "ours": ("conf.wsgi", _SHIPPED, MINUTE),
    "1 token": ("conf.wsgi", _SHIPPED, MINUTE),
    "first page": ("conf.wsgi", _SHIPPED, MINUTE),
    "a minute": ("conf.wsgi", _SHIPPED, MINUTE),
    "a day": ("conf.wsgi", _SHIPPED, DAY),
    "release": ("conf.wsgi", _SHIPPED, MINUTE),
    "floor": ("benchmarks.api.floor_wsgi", _SHIPPED, MINUTE),
    "stock": ("benchmarks.api.stock_wsgi", _STOCK, MINUTE),
}
_START_SECONDS = 30


def environment() -> dict[str, str]:
    """Return the variables of production, with this checkout's servers and a database of the benchmark's own."""
    return {
        "ENVIRONMENT": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "False",
        "FRONTEND_URL": "https://app.example.com",
        "DATABASE_URL": f"postgres://{servers.POSTGRES_USER}@/{DATABASE}?host={paths.RUNTIME}",
        "REDIS_URL": servers.redis_url("cache", offset=3),
        "THROTTLE_RATES": f"{_ACCOUNTS},{MINUTE}",
        "STATIC_ROOT": str(paths.STATE / "bench-static"),
    }


@contextmanager
def running(variant: str, processes: int, *, release: Path | None = None) -> Iterator[tuple[str, psutil.Process]]:
    """Run a variant; give its URL and its main process. release: the checkout of the variant of this name."""
    module, options, rates = VARIANTS[variant]
    port = _free_port()
    directory = release if release and variant == "release" else paths.ROOT
    python = directory / ".venv/bin/python" if directory == release else Path(sys.executable)
    command = [str(python), "-m", "gunicorn", *options, f"--workers={processes}", f"--bind=127.0.0.1:{port}", module]
    variables = {**os.environ, "THROTTLE_RATES": f"{_ACCOUNTS},{rates}"}
    log = paths.STATE / f"bench-{variant.replace(' ', '-')}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=variables, cwd=directory, stdout=output, stderr=output)
    try:
        _wait(f"http://127.0.0.1:{port}/api/v1/core/ping/", process, log)
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - a server of this process
                return
        except (URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the server of the benchmark did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
