"""The application's processes: containers of its image, each on a host, read-only and without any capability."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.hosts.network import PREFIX, address, path

METRICS_PORT = 9100
METRICS_TOKEN = "of-the-trial-of-several-hosts"  # noqa: S105 - no secret
_TAIL = 64 * 1024
_LOCKED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")


def environment() -> dict[str, str]:
    """Return the variables of production. No limit of the API is reached."""
    scopes = ("anonymous", "user", "login", "login_failures", "mail", "mail_account")
    return {
        "SECRET_KEY": "trial-vX-qT7mB2_wZ9pL6sD1hG8jR3fY5cA0eU7iO4xM2-aB9cD3eF",
        "ALLOWED_HOSTS": "api.example.com",
        "REGISTRATION_OPEN": "true",
        "DATABASE_URL": f"postgres://postgres@{address('pool')}:6432/app",
        "DATABASE_POOLED": "True",
        "DATABASE_DIRECT_URL": f"postgres://postgres@{address('postgres')}:5432/app",
        "REDIS_URL": f"redis://{address('redis')}:6379",
        "NUM_PROXIES": "1",
        "FRONTEND_URL": "https://app.example.com",
        "METRICS_TOKEN": METRICS_TOKEN,
        "WEB_CONCURRENCY": "2",
        "SHUTDOWN_DELAY": "5",
        # Each beat sends such a task itself, whoever wins the schedules: so one sees soon that it works.
        "TASK_HEARTBEAT": "2",
        "THROTTLE_RATES": ",".join(f"{scope}=60000000/m" for scope in scopes),
    }


class Containers:
    """Runs roles of an image on hosts. What they print is in files of the directory."""

    def __init__(self, image: str, options: str, directory: Path) -> None:
        self._image = image
        self._options = shlex.split(options)
        self._directory = directory
        self._started = 0

    def start(self, host: str, *words: str, release: str = "one", mounts: tuple[str, ...] = (), **more: str) -> None:
        """Start a role in the background."""
        self._started += 1
        log = self._directory / f"{host}-{self._started}.log"
        name = f"{PREFIX}{host}"
        logging = ("--log-driver=k8s-file", f"--log-opt=path={log}")
        self._podman("run", "--detach", f"--name={name}", *logging, *self._of(host, release, mounts, more), *words)

    def run(self, host: str, *words: str, mounts: tuple[str, ...] = (), fails: bool = False, **more: str) -> str:
        """Run a role to its end, beside what runs on the host; return what it printed."""
        name = f"{PREFIX}{host}-once"
        return self._podman("run", "--rm", f"--name={name}", *self._of(host, "one", mounts, more), *words, fails=fails)

    def stop(self, host: str) -> None:
        """Send TERM, and wait for the end."""
        self._podman("stop", "--time=60", f"{PREFIX}{host}")
        self._podman("rm", "--force", f"{PREFIX}{host}")

    def _of(self, host: str, release: str, mounts: tuple[str, ...], more: dict[str, str]) -> list[str]:
        variables = environment() | {"RELEASE": release} | more
        if not host.startswith("web"):
            variables["METRICS_PORT"] = str(METRICS_PORT)
        return [
            *self._options,
            *_LOCKED,
            f"--network=ns:{path(host)}",
            f"--hostname={host}",
            *(f"--env={name}={value}" for name, value in variables.items()),
            *(f"--volume={mount}:ro" for mount in mounts),
            self._image,
        ]

    def _podman(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
        if done.returncode and not fails:
            raise OSError(f"podman {words[0]} {words[-1]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout + done.stderr

    def records(self, host: str, *, tail: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the log records of all containers of a host, or the last ones of its last container."""
        logs = sorted(self._directory.glob(f"{host}-*.log"), key=lambda log: log.stat().st_mtime)
        for log in logs[-1:] if tail else logs:
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - _TAIL) if tail else 0)
                for line in file:
                    _, _, text = line.decode(errors="replace").partition(" F ")
                    if text.startswith("{") and text.endswith("}\n"):
                        yield json.loads(text)


def remove() -> None:
    """Remove the containers of this trial, also those of one that was killed."""
    found = subprocess.run(
        ["podman", "ps", "--all", "--format={{.Names}}", f"--filter=name=^{PREFIX}"],
        capture_output=True,
        text=True,
        check=False,
    )
    for name in found.stdout.split():
        subprocess.run(["podman", "rm", "--force", "--time=0", name], capture_output=True, check=False)
