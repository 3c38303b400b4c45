"""A checkout of its own for a test: a copy of this one, with its own state, sockets and home."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.harness.running import Running

ROOT = Path(__file__).resolve().parents[2]
# What the surrounding test run or toolchain has set for this checkout is not the copy's.
_NOT_INHERITED = (
    "STATE_DIR",
    "ENVIRONMENT",
    "PORT",
    "POSTGRES_PORT",
    "REDIS_PORT",
    "DATABASE_URL",
    "REDIS_URL",
    "LOG_DIR",
)


class Checkout:
    """A copy of the checkout, driven by its recipes as a user drives it."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.state = path / ".state"
        self.home = home
        home.mkdir(exist_ok=True)
        copy_of_the_working_tree(path)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if k not in _NOT_INHERITED and not k.startswith(("PYTEST_", "STACK_"))
        }
        # The application's packages are the same, and installing them is not what these tests are about.
        cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache/uv")
        return kept | {"HOME": str(self.home), "UV_PROJECT_ENVIRONMENT": sys.prefix, "UV_CACHE_DIR": cache}

    def just(
        self, *words: str, check: bool = True, timeout: float = 240, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [shutil.which("just") or "just", *words],
            cwd=self.path,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"just {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def run(self, *words: str) -> str:
        """Run any program in the checkout; return what it printed."""
        done = subprocess.run(words, cwd=self.path, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def start(self, *words: str, terminal: bool = False) -> Running:
        return Running(list(words), cwd=self.path, environment=self.environment, terminal=terminal)

    @property
    def url(self) -> str:
        return f"http://localhost:{(self.state / 'port').read_text()}"

    def health(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/healthz", timeout=30).json()

    def log(self, name: str) -> str:
        return (self.state / "log" / f"{name}.log").read_text()

    def log_lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log(name).splitlines() if line.startswith("{")]

    def processes(self) -> list[psutil.Process]:
        """Return the processes that the checkout's supervisor started, itself included."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("STACK_STATE") == str(self.state) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def pid(self, program: str) -> int:
        """Return the pid that `just status` shows for a program."""
        rows = [line.split() for line in self.just("status", check=False).stdout.splitlines()]
        return next(int(row[2]) for row in rows if row and row[0] == program)


def copy_of_the_working_tree(to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def eventually(condition: Callable[[], object], what: str | Callable[[], str], seconds: float = 60) -> None:
    """Wait for a condition, and fail with its name when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what if isinstance(what, str) else what()}"
        time.sleep(0.1)
