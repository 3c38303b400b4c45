"""The programs of the stack: their names, their logs, and what the supervisor says of them."""

from dataclasses import dataclass
from pathlib import Path

from conf import local
from stack.errors import StackError

SERVERS = ("postgres", "redis")
APPLICATION = ("web", "worker", "beat", "reload")
PROGRAMS = (*SERVERS, *APPLICATION)
# Where the servers keep their data.
DATA = {name: local.STATE / name for name in SERVERS}


@dataclass(frozen=True)
class Program:
    """What the supervisor says of a program; pid is 0 where it does not run, uptime is in seconds."""

    name: str
    state: str
    pid: int
    uptime: int

    @property
    def runs(self) -> bool:
        """Say whether it is up, were it only for a second."""
        return self.state in ("RUNNING", "STARTING")

    @property
    def has_settled(self) -> bool:
        """Say whether it has run for longer than an answer of /healthz is kept, which is a second."""
        return self.state == "RUNNING" and self.uptime >= 2  # noqa: PLR2004


NOTHING = Program("", "STOPPED", 0, 0)


def named(name: str) -> str:
    """Return the program that people call by this name: the web program is the backend, too."""
    program = "web" if name == "backend" else name
    if program not in PROGRAMS:
        raise StackError(f"there is no program called {name}. There are: backend, {', '.join(PROGRAMS)}.")
    return program


def log_of(program: str) -> Path:
    """Return the file that holds what the program printed."""
    return local.LOGS / ("backend.log" if program == "web" else f"{program}.log")
