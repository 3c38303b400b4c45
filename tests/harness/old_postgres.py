"""A Postgres that is older than the stack's, from the packages of this machine, and clusters made by it.

Nothing is installed: where the machine has no older Postgres, apt's packages are unpacked into a directory.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from stack.processes import unprivileged
from stack.programs import binaries, postgres
from tests.harness.checkout import eventually

_CACHE = Path(tempfile.gettempdir()) / f"old-postgres-{os.getuid()}"
_LAUNCHER = '#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n'


def programs() -> Path:
    """Return a directory with the programs of an older major version: UPGRADE_OLD_BIN, or those of a package."""
    if given := os.environ.get("UPGRADE_OLD_BIN"):
        return Path(given)
    installed = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if _is_older(path.parent.name)]
    return max(installed, default=None) or _unpacked()


def major(directory: Path) -> str:
    return postgres.major_version(directory)


def redis_programs(directory: Path) -> Path:
    """Make the programs of the stack's Redis available under the names that a toolchain gives them."""
    directory.mkdir()
    (directory / "redis-server").symlink_to(binaries.find().redis_server)
    return directory


def make_cluster(directory: Path, data: Path, *options: str) -> None:
    data.mkdir(parents=True, mode=0o700)
    unprivileged.give_ownership(data)
    command = [str(directory / "initdb"), f"--pgdata={data}", "--username=postgres", *options]
    subprocess.run(unprivileged.command(command), check=True, capture_output=True)


@contextlib.contextmanager
def server(directory: Path, data: Path) -> Iterator[Callable[..., None]]:
    """Run the server of a cluster as somebody does by hand; yield a function that runs SQL in the database app."""
    # The path of a socket is short.
    sockets = Path(tempfile.mkdtemp(prefix="by-hand-"))
    command = [str(directory / "postgres"), "-D", str(data), "-k", str(sockets), "--listen-addresses="]
    log = (sockets / "log").open("wb")
    process = subprocess.Popen(unprivileged.command(command), stdout=log, stderr=log)

    def run(*statements: str) -> "subprocess.CompletedProcess[bytes]":
        words = [word for statement in statements for word in ("-c", statement)]
        options = ("-X", "-q", f"--host={sockets}", "--username=postgres", "--dbname=app")
        return subprocess.run(
            [binaries.find().postgres_bin / "psql", *options, *words], capture_output=True, check=False
        )

    def psql(*statements: str) -> None:
        done = run(*statements)
        assert done.returncode == 0, done.stderr

    try:
        eventually(lambda: run("SELECT").returncode == 0, (sockets / "log").read_text)
        yield psql
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        log.close()
        shutil.rmtree(sockets)


def _is_older(version: str) -> bool:
    return version.isdigit() and int(version) < int(major(binaries.find().postgres_bin))


def _unpacked() -> Path:
    if (_CACHE / "bin/initdb").exists():
        return _CACHE / "bin"
    shutil.rmtree(_CACHE, ignore_errors=True)
    unpacked = _CACHE / "unpacked"
    unpacked.mkdir(parents=True)
    for package in _downloaded(_CACHE / "packages"):
        subprocess.run(["dpkg", "-x", package, unpacked], check=True)
    [real] = unpacked.glob("usr/lib/postgresql/*/bin")
    libraries = ":".join(sorted({str(path.parent) for path in unpacked.glob("usr/lib/*/lib*.so.*")}))
    making = _CACHE / "making"
    making.mkdir()
    for program in real.iterdir():
        (making / program.name).write_text(_LAUNCHER.format(libraries=libraries, program=program))
        (making / program.name).chmod(0o755)
    return making.rename(_CACHE / "bin")


def _downloaded(directory: Path) -> list[Path]:
    """Return the packages of the distribution's Postgres, with the libraries that the machine lacks."""
    assert shutil.which("apt-get"), "name the programs of an older Postgres: UPGRADE_OLD_BIN"
    # An ordinary user may not, and takes the lists that are there.
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    version = _version_of_the_distribution()
    assert _is_older(version), (
        f"this machine's packages have Postgres {version}, and none that is older than the stack's"
    )
    directory.mkdir()
    programs = {f"postgresql-{version}", f"postgresql-client-{version}"}
    wanted = programs | _missing_libraries_of(programs)
    command = ["apt-get", "-o", "APT::Sandbox::User=", "-qq", "download", *sorted(wanted)]
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return sorted(directory.glob("*.deb"))


def _missing_libraries_of(packages: set[str]) -> set[str]:
    found, new = _installed(), packages
    missing: set[str] = set()
    while new:
        command = ["apt-cache", "depends", "--important", *sorted(new)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        # The compiler of queries is large, and a server runs without it.
        named = {name for name in re.findall(r"Depends: (lib\S+)", said) if not name.startswith("libllvm")}
        new = named - found
        found |= new
        missing |= new
    return missing


def _installed() -> set[str]:
    command = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name, state in (line.split(" ", 1) for line in lines) if state == "installed"}


def _version_of_the_distribution() -> str:
    done = subprocess.run(["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False)
    found = re.search(r"Depends: postgresql-(\d+)", done.stdout)
    return found[1] if found else ""
