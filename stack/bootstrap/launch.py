"""Runs what a recipe names: `python3 -I -S stack/bootstrap/launch.py [--sync] [--foreground] PROGRAM ARGUMENTS`.

Every recipe runs through this launcher. It filters the environment variables (stack/bootstrap/variables.py). With
--sync it first installs the packages of uv.lock; recipes that inspect or stop the stack do without, so that they work
when the packages are broken.
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

# With -I, Python does not search the directory of this file.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from checkout import paths
from stack.bootstrap import foreground, packages, variables

_OPTIONS = frozenset({"--sync", "--foreground"})
# What inspecting and stopping import beyond the standard library.
_NEEDED = ("dotenv", "psutil", "psycopg", "redis", "rich", "supervisor")


def main(words: Sequence[str]) -> None:
    """Become the program. Ends with a message and exit status 1 if its packages are missing."""
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
        # Some wheels need libraries that Nix does not install globally. Only Python may see them.
        environment["LD_LIBRARY_PATH"] = libraries
    if "--foreground" in options:
        foreground.keep_to_child()
    try:
        os.execvpe(words[0], words, environment)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"error: {words[0]} does not run here ({error.strerror}). To install the packages again: just up")


def constructed(inherited: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """Return the environment of a recipe. It has a HOME, even after `env -i`."""
    environment = variables.for_recipes(inherited)
    if not environment.get("HOME"):
        # A user without a name has no home.
        with suppress(KeyError):
            environment["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
    return environment


def _use_a_cache_that_can_be_written(environment: dict[str, str]) -> None:
    """Move the cache of uv into the state directory if this user has no writable home."""
    home = environment.get("HOME")
    if not (home and os.access(home, os.W_OK)):
        environment.setdefault("UV_CACHE_DIR", str(paths.PACKAGE_CACHE))


def _usable(*environments: Path) -> Path:
    """Return the first environment with the packages that inspecting and stopping need; the stack's is the spare."""
    for venv in environments:
        installed = [path for path in venv.glob("lib/python3*/site-packages") if (venv / "bin/python").exists()]
        if any(all((path / name).is_dir() for name in _NEEDED) for path in installed):
            return venv
    raise packages.PackagesError(
        f"the packages are not installed in {environments[0]}, and nothing was done. Install them, and start: just up"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
