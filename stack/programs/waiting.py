"""Waits until a program is ready, and shows the end of its log if it does not become ready."""

import time
from collections.abc import Callable

from checkout import paths
from stack.errors import StackError
from stack.logs.records import records
from stack.logs.rendering import renderer
from stack.programs.table import PROGRAMS


def wait_until(
    condition: Callable[[], object], what: str, *, seconds: float, failed: Callable[[], str | bool] = lambda: ""
) -> None:
    """Check the condition every 100 ms until it holds.

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
    path = PROGRAMS[name].log_file if name in PROGRAMS else paths.LOGS / f"{name}.out"
    if not path.is_file():
        return ""
    last = path.read_text(errors="replace").splitlines()[-lines:]
    render = renderer(prefix=False)
    shown = "\n".join(render(record) for record in records(name, last, before=0.0))
    more = f"\nAll of them: just logs {name}. When it is corrected: just up" if name in PROGRAMS else ""
    return f" The last lines of {path}:\n" + "\n".join(f"  {line}" for line in shown.splitlines()) + more
