"""What ALTER SYSTEM has set, carried over from one cluster to another one whose server does not run yet."""

import subprocess
from pathlib import Path

from stack.processes import unprivileged

_FILE = "postgresql.auto.conf"


def carry(old: Path, new: Path, programs: Path) -> list[str]:
    """Copy the settings that the new version has; return the names of the others."""
    lines = _lines(old / _FILE)
    known = {name: line for name, line in lines.items() if _knows(programs, new, name)}
    with (new / _FILE).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in known.values())
    return sorted(lines.keys() - known)


def _lines(file: Path) -> dict[str, str]:
    # Postgres writes the file: a setting a line, name = 'value'.
    texts = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {line.partition("=")[0].strip(): line for line in texts if "=" in line and not line.startswith("#")}


def _knows(programs: Path, cluster: Path, name: str) -> bool:
    # A name with a dot is an extension's, which need not be loaded.
    command = unprivileged.command([str(programs / "postgres"), "-D", str(cluster), "-C", name])
    return "." in name or subprocess.run(command, capture_output=True, check=False).returncode == 0
