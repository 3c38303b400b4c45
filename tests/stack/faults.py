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

from tests.stack.checkout import Checkout

PROGRAMS = ("postgres", "redis", "web", "worker", "beat", "reload")
VICTIMS = ("supervisor", "postgres", "redis", "web", "worker", "beat")
# What the stack promises after any kill, in seconds; a machine that is busy otherwise may need more.
RECOVERED_WITHIN = float(os.environ.get("RECOVERED_WITHIN", "10"))


def program_of(process: psutil.Process) -> str:
    return process.environ().get("SUPERVISOR_PROCESS_NAME", "supervisor")


def leaders(stack: Checkout) -> dict[str, list[psutil.Process]]:
    """Return the processes of each program that are nobody's workers; more than one would be one too many."""
    found: dict[str, list[psutil.Process]] = {}
    processes = stack.processes()
    programs = {process.pid: program_of(process) for process in processes}
    for process in processes:
        if programs.get(process.ppid()) != programs[process.pid]:
            found.setdefault(programs[process.pid], []).append(process)
    return found


def kill(stack: Checkout, *victims: str) -> None:
    found = leaders(stack)
    for victim in victims:
        for process in found[victim]:
            process.send_signal(signal.SIGKILL)


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
    assert {name: len(processes) for name, processes in found.items()} == dict.fromkeys(("supervisor", *PROGRAMS), 1)


def runtime_of(stack: Checkout) -> Path:
    """Return the directory of the checkout's sockets, which runs or not."""
    code = "from conf import local; print(local.RUNTIME)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=stack.path, env=stack.environment, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


class Load:
    """Rows that Postgres has committed and tasks that Redis has taken."""

    def __init__(self, output: Path) -> None:
        self._output = output

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
        command = [sys.executable, str(Path(__file__).with_name("load.py"))]
        process = subprocess.Popen(command, cwd=stack.path, env=variables, stdout=file)
    try:
        yield Load(output)
    finally:
        process.kill()
        process.wait()
