"""How gunicorn ends on TERM: it serves on for some seconds, in which /readyz answers 503, and then stops gracefully.

Platforms send TERM at the moment at which they begin to take the address out of their load balancers. A server that
stopped at once would refuse what still arrives.
"""

import signal
import time
from queue import Empty
from typing import Any

from apps.core.health import draining

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def install(server: Any, *, seconds: float) -> None:
    """Make gunicorn's main process wait before it stops. A second signal ends the wait."""
    stop = server.handle_term

    def wait_and_stop() -> None:
        draining.begin()
        _wait(server.SIG_QUEUE, time.monotonic() + seconds)
        stop()

    if seconds:
        server.handle_term = wait_and_stop


def _wait(signals: Any, end: float) -> None:
    arrived: list[int] = []
    while (left := end - time.monotonic()) > 0 and not _ENDING.intersection(arrived):
        try:
            arrived.append(signals.get(timeout=left))
        except Empty:
            break
    # For gunicorn: processes that have ended, an order to stop at once.
    for number in arrived:
        signals.put(number)
