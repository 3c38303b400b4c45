"""The directories of a checkout, checked before anything trusts them."""

import contextlib
import os
import pwd
import re
import shutil
import stat
from pathlib import Path

from checkout import paths
from stack.errors import StackError

# Bytes: a new cluster, and room for its write-ahead log.
_NEEDED = 100_000_000


def require_owner(state: Path = paths.STATE) -> None:
    """Raise StackError if the state belongs to another user: as root we could end their stack and lock them out."""
    if state.exists() and (owner := state.stat().st_uid) != os.geteuid():
        raise StackError(
            f"{state} belongs to {_user(owner)}, and you are {_user(os.geteuid())}. Nothing was changed. Type it as"
            f" {_user(owner)}, or use a clone of your own, or set STATE_DIR to a directory of yours."
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def make_state(state: Path = paths.STATE) -> None:
    """Create the state directory if it is missing. Raises StackError if it cannot be written."""
    try:
        for directory in (state, state / "log"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Empty files can be written to a full disk: `just down` has to work.
        (state / ".writable").touch()
        (state / ".writable").unlink()
    except OSError as error:
        raise StackError(
            f"cannot write to {state} ({error.strerror}). Make it yours (chown, free disk space),"
            " or set STATE_DIR to a directory that is."
        ) from error


def require_space(state: Path = paths.STATE) -> None:
    """Raise StackError if there is too little space to start anything."""
    if (free := shutil.disk_usage(state).free) < _NEEDED:
        raise StackError(
            f"only {free / 1e6:.0f} MB are free on the disk of {state}, and the stack needs {_NEEDED / 1e6:.0f}."
            " Free some, or set STATE_DIR to a directory on another disk."
        )


def check_runtime(runtime: Path = paths.RUNTIME) -> None:
    """Create the directory of the sockets if it is missing. Raises StackError for one that others may have prepared."""
    with contextlib.suppress(FileExistsError):
        runtime.mkdir(mode=0o700)
    found = runtime.lstat()
    if not stat.S_ISDIR(found.st_mode):
        problem = "is not a directory"
    elif found.st_uid != os.getuid():
        problem = "belongs to another user"
    elif stat.S_IMODE(found.st_mode) & 0o077:
        problem = "is open to other users"
    else:
        return
    raise StackError(f"{runtime} {problem}; the sockets would not be safe there. Remove it: rm -r {runtime}")


def forget_former_runtime() -> None:
    """Remove the directory of the sockets that this state had under an earlier name of the project."""
    record = paths.RUNTIME_RECORD
    former = Path(record.read_text()) if record.is_file() else paths.RUNTIME
    # Of this user and this state: the directory of a checkout from which this one was copied has another suffix.
    of_this_state = f"-{os.getuid()}-{paths.CHECKOUT}"
    if former != paths.RUNTIME and former.parent == paths.RUNTIME.parent and former.name.endswith(of_this_state):
        shutil.rmtree(former, ignore_errors=True)
    with contextlib.suppress(OSError):
        record.write_text(str(paths.RUNTIME))


def remove_runtime() -> None:
    """Remove the directory of the sockets, with the sockets that killed servers have left."""
    check_runtime()
    shutil.rmtree(paths.RUNTIME, ignore_errors=True)


def remove_empty_runtime() -> None:
    """Remove the directory of the sockets if there is nothing in it, since nothing runs."""
    with contextlib.suppress(OSError):
        paths.RUNTIME.rmdir()


def remove_former_runtime(runtime: Path) -> None:
    """Remove the directory of the sockets that the checkout had at another path, if it belongs to this user."""
    is_one = runtime.parent == paths.RUNTIME.parent and re.fullmatch(rf".+-{os.getuid()}-[0-9a-f]{{12}}", runtime.name)
    if is_one and runtime.is_dir() and not runtime.is_symlink() and runtime.stat().st_uid == os.getuid():
        shutil.rmtree(runtime, ignore_errors=True)
