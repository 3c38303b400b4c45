"""What the tests of faults share: whom to kill, and what must be true afterwards."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.harness.checkout import Checkout

PROGRAMS = ("postgres", "redis", "web", "worker", "beat", "reload")
VICTIMS = ("supervisor", "postgres", "redis", "web", "worker", "beat")
# What the stack promises after any kill, in seconds; a machine that is busy otherwise may need more.
RECOVERED_WITHIN = float(os.environ.get("RECOVERED_WITHIN", "10"))


def leaders(stack: Checkout) -> dict[str, list[int]]:
    """Return the processes of each program that are nobody's workers; more than one would be one too many."""
    programs: dict[int, str] = {}
    parents: dict[int, int] = {}
    for process in stack.processes():
        # It may end while we look.
        with contextlib.suppress(psutil.NoSuchProcess):
            programs[process.pid] = process.environ().get("SUPERVISOR_PROCESS_NAME", "supervisor")
            parents[process.pid] = process.ppid()
    found: dict[str, list[int]] = {}
    for pid, parent in parents.items():
        if programs.get(parent) != programs[pid]:
            found.setdefault(programs[pid], []).append(pid)
    return found


def kill(stack: Checkout, *victims: str) -> None:
    """Kill those of the programs that live."""
    found = leaders(stack)
    for victim in victims:
        for pid in found.get(victim, []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def up_in_time(stack: Checkout) -> float:
    """Bring the stack up, hold it to the promised time, and to one process of each; return the seconds it took."""
    started = time.monotonic()
    said = stack.just("up").stdout
    seconds = time.monotonic() - started
    sys.stdout.write(f"up took {seconds:.1f} s\n")
    assert seconds < RECOVERED_WITHIN, f"up took {seconds:.1f} s:\n{said}"
    assert_well(stack)
    return seconds


def assert_well(stack: Checkout) -> None:
    assert stack.health()["status"] == "ok", stack.health()
    found = leaders(stack)
    assert {name: len(pids) for name, pids in found.items()} == dict.fromkeys(("supervisor", *PROGRAMS), 1)


def runtime_of(stack: Checkout) -> Path:
    """Return the directory of the checkout's sockets, which runs or not."""
    code = "from checkout import paths; print(paths.RUNTIME)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=stack.path, env=stack.environment, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def in_another_namespace(stack: Checkout, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run words as in a container that shares the checkout: with pids and sockets of its own."""
    become_root = () if os.getuid() == 0 else ("--user", "--map-root-user")
    hide_the_sockets = 'mount -t tmpfs -o mode=0700 tmpfs "$0" && exec "$@"'
    unshare = ["unshare", *become_root, "--mount", "--pid", "--fork", "--mount-proc"]
    command = [*unshare, "sh", "-c", hide_the_sockets, str(runtime_of(stack)), *words]
    return subprocess.run(
        command, cwd=stack.path, env=stack.environment, capture_output=True, text=True, check=False, timeout=120
    )


class Load:
    """Rows that Postgres has committed and tasks that Redis has taken."""

    def __init__(self, output: Path, process: "subprocess.Popen[bytes]") -> None:
        self._output = output
        self._process = process

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def confirmed(self, kind: str) -> list[str]:
        return re.findall(rf"^{kind} (\S+)$", self._output.read_text(), re.MULTILINE)


@contextlib.contextmanager
def load_on(stack: Checkout) -> Iterator[Load]:
    output = stack.home / "load"
    variables = stack.environment | {
        "ENVIRONMENT": "development",
        "DJANGO_SETTINGS_MODULE": "conf.settings",
        "PYTHONPATH": str(stack.path),
    }
    with output.open("a") as file:
        command = [sys.executable, "-m", "tests.harness.load"]
        process = subprocess.Popen(command, cwd=stack.path, env=variables, stdout=file)
    load = Load(output, process)
    try:
        yield load
    finally:
        load.stop()
