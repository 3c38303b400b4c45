"""Runs Postgres as an ordinary user if we are root, since it refuses to run as root.

There are two ways, and a machine may forbid either. A user namespace maps root to another user (Docker's default
seccomp profile forbids that). setpriv changes the user, which keeps the one capability that it needs to reach a
checkout below a closed directory.
"""

import functools
import os
import shutil
import subprocess
from pathlib import Path

from stack.errors import StackError

NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", "--", "setpriv")
_SETPRIV = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
    # Otherwise access(2), with which Postgres finds its own programs, would ignore the capability.
    "--securebits=+no_setuid_fixup",
)


def command(arguments: list[str], *, death_signal: str = "") -> list[str]:
    """Return the command line that runs the arguments as an ordinary user.

    death_signal is sent when the parent dies. It is set in the call that changes the user, since the kernel clears an
    earlier one (prctl(2), PR_SET_PDEATHSIG). Raises StackError if root cannot become another user.
    """
    if os.geteuid() != 0:
        return arguments
    option = [f"--pdeathsig={death_signal}"] if death_signal else []
    return [*_way(), *option, "--", *arguments]


def give_ownership(directory: Path) -> None:
    """Hand a directory tree to the user that command() runs as."""
    if os.geteuid() != 0:
        return
    owner = 0 if _way() == _NAMESPACE else NOBODY
    if directory.stat().st_uid == owner:
        return
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


@functools.cache
def _way() -> tuple[str, ...]:
    for way in (_NAMESPACE, _SETPRIV):
        if shutil.which(way[0]) and shutil.which("setpriv"):
            probe = subprocess.run([*way, "--", "true"], capture_output=True, check=False)
            if probe.returncode == 0:
                return way
    raise StackError(
        "Postgres refuses to run as root, and neither a user namespace nor setpriv (util-linux) works here."
        " Run this as an ordinary user."
    )
