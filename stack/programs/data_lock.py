"""Never lets two servers use one data directory.

The server holds a lock on the directory, which its children inherit. The lock is free if and only if none of them
lives, in any container of this kernel. Another kernel, such as a virtual machine with the same directory, does not see
the lock. So a stamp beside the directory names the last user.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from stack.errors import StackError
from stack.processes import machine


def claim(data: Path, *, seconds: float) -> int:
    """Lock a data directory for this process, the program that it becomes, and its children; return the descriptor.

    Raises StackError if another server uses it, or may use it, after this many seconds.
    """
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, data, time.monotonic() + seconds)
        _refuse_another_machine(data)
    except StackError:
        os.close(descriptor)
        raise
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the call takes no keywords
    return descriptor


def claim_for_server(data: Path) -> None:
    """Claim the directory for the server that this process becomes, and stamp it."""
    # A server that was killed may take a while to end with all its children.
    claim(data, seconds=20)
    stamp(data)


def require_free(data: Path) -> None:
    """Raise StackError if another server uses the directory, or may use it."""
    if data.exists():
        os.close(claim(data, seconds=5))


def stamp(data: Path) -> None:
    """Record who uses the directory."""
    since = time.strftime("%Y-%m-%d %H:%M")
    _stamp_of(data).write_text(json.dumps(asdict(machine.here()) | {"since": since, "pid": os.getpid()}))


def release(data: Path) -> None:
    """Remove our stamp when no server uses the directory. The stamp of another machine is kept."""
    by, here = holder(data), machine.here()
    if (by.get("boot"), by.get("namespace")) == (here.boot, here.namespace) and not _is_locked(data):
        _stamp_of(data).unlink(missing_ok=True)


def holder(data: Path) -> dict[str, str]:
    """Return the content of the stamp; empty if there is none that can be read."""
    try:
        found = json.loads(_stamp_of(data).read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _stamp_of(data: Path) -> Path:
    return data.with_name(f"{data.name}.stamp")


def _lock(descriptor: int, data: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise _in_use(data) from None
            time.sleep(0.05)
        except OSError as error:
            raise StackError(f"cannot lock {data} ({error.strerror}). Set STATE_DIR to a local directory.") from error
        else:
            return


def _is_locked(data: Path) -> bool:
    if not data.exists():
        return False
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _in_use(data: Path) -> StackError:
    by, here = holder(data), machine.here()
    since = f"({by.get('host', 'unknown host')}, since {by.get('since', '?')})"
    if by.get("namespace") in (None, here.namespace):
        return StackError(
            f"{data} is in use by a server in this machine {since}, which is not of this checkout's stack. Stop it"
            f" (its pid was {by.get('pid', 'not written down')}), or give this one a state of its own: STATE_DIR."
        )
    return StackError(
        f"{data} is in use by a server in another container {since}. Stop it there: just down. Or give this one a"
        " state of its own: STATE_DIR."
    )


def _refuse_another_machine(data: Path) -> None:
    """Raise StackError if another kernel may use the directory. A restarted or renamed machine is the same one."""
    by, here = holder(data), machine.here()
    if not by or by.get("boot") == here.boot or by.get("host") == here.host:
        return
    if here.machine and by.get("machine") == here.machine:
        return
    raise StackError(
        f"{data} was last used by another machine, {by.get('host')} (since {by.get('since')}), and was not closed"
        f" there. Two servers would destroy it. Run `just down` there; if it is gone for good: rm '{_stamp_of(data)}'"
    )
