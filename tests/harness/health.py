"""Stop and start parts of a stack, and see what its health says of it meanwhile."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Self

import psycopg
import redis

from tests.harness.checkout import Checkout
from tests.harness.faults import RECOVERED_WITHIN, runtime_of

# Seconds, two of them: what is back is well within them. A machine that is busy otherwise gives more (see faults.py).
WELL_WITHIN = RECOVERED_WITHIN / 5

# What the worker's and beat's log say of a start.
_STARTED = {"worker": " ready.", "beat": "beat: Starting..."}


def down(stack: Checkout) -> set[str]:
    return {name for name, answer in stack.health()["components"].items() if not answer["ok"]}


def tell_supervisor(stack: Checkout, call: str) -> None:
    command = [sys.executable, "-c", f"from stack.programs import supervisor; supervisor.{call}"]
    subprocess.run(command, cwd=stack.path, env=stack.environment, check=True)


@contextmanager
def stopped(stack: Checkout, program: str) -> Iterator[None]:
    tell_supervisor(stack, f"stop(['{program}'])")
    try:
        yield
    finally:
        tell_supervisor(stack, f"start(['{program}'])")


def start_of(stack: Checkout, program: str) -> Callable[[], bool]:
    """Return a check that says whether the program, which does not run, has been started."""
    sockets = str(runtime_of(stack))
    if program == "redis":
        return lambda: _takes_connections(redis.Redis(unix_socket_path=f"{sockets}/redis.sock").ping)
    if program == "postgres":
        return lambda: _takes_connections(lambda: psycopg.connect(host=sockets, user="postgres", dbname="app").close())
    starts = stack.log(program).count(_STARTED[program])
    return lambda: stack.log(program).count(_STARTED[program]) > starts


def _takes_connections(ask: Callable[[], object]) -> bool:
    with suppress(redis.RedisError, psycopg.Error):
        ask()
        return True
    return False


class Monitor:
    """Asks for health all the time, as long as its context lasts, and remembers what was down when."""

    def __init__(self, stack: Checkout) -> None:
        self._stack = stack
        self._answers: list[tuple[float, set[str]]] = []
        self._done = Event()
        self._thread = Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._done.wait(0.02):
            answer = down(self._stack)
            self._answers.append((time.monotonic(), answer))

    def down(self) -> set[str]:
        return self._answers[-1][1] if self._answers else set()

    def seconds_down(self, since: float) -> dict[str, float]:
        """Return how long after a moment each component was last seen to be down."""
        return {name: at - since for at, names in self._answers if at > since for name in sorted(names)}
