"""The copies of the data on which `just rehearse` and `just survive` work, and what is left of them."""

from pathlib import Path

import psutil

from tests.harness.checkout import Checkout, eventually
from tests.harness.running import Running


def leftovers(checkout: Checkout) -> list[Path]:
    return list(checkout.state.glob("copy.*"))


def processes_below(directory: Path) -> list[str]:
    """Return the command lines of the processes that work in a directory."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if str(directory) in f"{words} {process.cwd()}":
                found.append(words)
        except psutil.Error:
            continue
    return found


def kill(checkout: Checkout, running: Running, command: str) -> None:
    """Kill a command that works on a copy, and wait until nothing works there any more."""
    (copy,) = leftovers(checkout)
    (process,) = [
        child
        for child in psutil.Process(running.process.pid).children(recursive=True)
        if child.cmdline()[1:4] == ["-m", "stack", command]
    ]
    process.kill()
    eventually(lambda: not processes_below(copy), lambda: str(processes_below(copy)))
