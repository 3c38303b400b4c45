"""Waiting for a program, no longer than it takes, and telling its last words when it does not come."""

import time
from collections.abc import Callable

from conf import local
from stack.errors import StackError
from stack.program import PROGRAMS, log_of
from stack.records import records
from stack.render import renderer


def wait_until(
    condition: Callable[[], object], what: str, *, seconds: float, failed: Callable[[], str | bool] = lambda: ""
) -> None:
    """Ask every 100 ms, from now on, until the condition holds.

    Raises StackError with the last lines of the log when the time is over or a program has failed.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        culprit = failed()
        if culprit or time.monotonic() > deadline:
            reason = "it ended" if culprit else f"it was not ready within {seconds:.0f} s"
            raise StackError(f"{what}: {reason}.{_tail(str(culprit or what))}")
        time.sleep(0.1)


def _tail(name: str, lines: int = 20) -> str:
    path = local.LOGS / "supervisord.out" if name == "supervisord" else log_of(name)
    if not path.is_file():
        return ""
    last = path.read_text(errors="replace").splitlines()[-lines:]
    render = renderer(prefix=False)
    shown = "\n".join(render(record) for record in records(name, last, before=0.0))
    more = f"\nAll of them: just logs {name}. When it is corrected: just up" if name in PROGRAMS else ""
    return f" The last lines of {path}:\n" + "\n".join(f"  {line}" for line in shown.splitlines()) + more
