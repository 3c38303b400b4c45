"""Runs what a recipe names: `python3 -I -S stack/bootstrap/launch.py [--sync] [--foreground] PROGRAM ARGUMENTS`.

Every recipe comes through here. The program gets the environment variables that are ours or were chosen (see
stack/bootstrap/variables.py), and the packages of uv.lock: brought in line first with --sync, else as they are. Looking and
stopping go without, so that they work when the packages do not.
"""

import os
import pwd
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import dropwhile, takewhile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - plain `just` takes the python3 that is there
    sys.exit("error: python3 is older than 3.11. Type ./just in place of just, which finds a newer one.")

# Isolated (-I), Python does not even look beside this file.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from checkout import paths
from stack.bootstrap import foreground, packages, variables

_OPTIONS = frozenset({"--sync", "--foreground"})
# What looking and stopping import beyond the standard library.
_NEEDED = ("dotenv", "psutil", "psycopg", "redis", "rich", "supervisor")


def main(words: Sequence[str]) -> None:
    """Become the program. Ends with a message and exit status 1 where there are no packages for it."""
    options, words = set(takewhile(_OPTIONS.__contains__, words)), list(dropwhile(_OPTIONS.__contains__, words))
    synchronise = "--sync" in options
    environment = constructed(os.environ)
    environment = {"ENVIRONMENT": "development"} | variables.given() | environment
    venv = Path(environment.get("UV_PROJECT_ENVIRONMENT") or paths.ROOT / ".venv").absolute()
    _use_a_cache_that_can_be_written(environment)
    try:
        if words[0] == "uv":
            sys.exit(packages.run_uv(words[1:], venv, environment))
        if synchronise:
            packages.synchronise(venv, environment, "the packages", "--inexact")
        else:
            venv = _usable(venv, paths.SERVICES)
    except packages.PackagesError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    environment |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}:{environment.get('PATH') or os.defpath}"}
    if libraries := environment.get("WHEEL_LIBRARIES"):
        # Some wheels need libraries that a Nix system keeps out of the way; Python alone may see them.
        environment["LD_LIBRARY_PATH"] = libraries
    if "--foreground" in options:
        foreground.keep_to_child()
    try:
        os.execvpe(words[0], words, environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"error: {words[0]} does not run here ({error.strerror}). To install the packages anew: just up")


def constructed(inherited: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """Return what reaches a recipe of the environment; with a home, which `env -i` leaves out."""
    environment = variables.for_recipes(inherited)
    if not environment.get("HOME"):
        # A user without a name has none.
        with suppress(KeyError):
            environment["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
    return environment


def _use_a_cache_that_can_be_written(environment: dict[str, str]) -> None:
    """Give uv a cache in the state, where this user has no home to keep it in."""
    home = environment.get("HOME")
    if not (home and os.access(home, os.W_OK)):
        environment.setdefault("UV_CACHE_DIR", str(paths.STATE / "cache"))


def _usable(*environments: Path) -> Path:
    """Return the first of the environments that has what looking and stopping need: the stack's own is the spare."""
    for venv in environments:
        installed = [path for path in venv.glob("lib/python3*/site-packages") if (venv / "bin/python").exists()]
        if any(all((path / name).is_dir() for name in _NEEDED) for path in installed):
            return venv
    raise packages.PackagesError(
        f"the packages are not installed in {environments[0]}, and nothing was done. Install them, and start: just up"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
