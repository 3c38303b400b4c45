"""An image that was built, looked at from inside: `IMAGE=name:tag just test-image`."""

import json
import os
import shlex
import subprocess
from typing import Any

import pytest

from checkout import paths

pytestmark = pytest.mark.image

IMAGE = os.environ.get("IMAGE", "")
# Read-only and without rights, as deploy/ runs it.
RUN = [
    *shlex.split(os.environ.get("IMAGE_RUN") or "docker run --rm"),
    *("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--network=none", "--security-opt=no-new-privileges"),
]
_INSIDE = """
import json, os, shutil
from importlib.metadata import distributions
from pathlib import Path

def refused(path):
    try:
        Path(path).touch()
    except OSError:
        return True

print(json.dumps({
    "packages": {found.name.lower().replace("_", "-"): found.version for found in distributions(path=[
        str(next(Path("/app/.venv/lib").glob("python3*/site-packages")))])},
    "user": [os.getuid(), os.getgid()],
    "root_is_closed": refused("/app/x") and refused("/x"),
    "tmp_is_open": not refused("/tmp/x"),
    "compilers": [name for name in ("gcc", "cc", "ld", "make", "uv") if shutil.which(name)],
    "tests": [str(path) for path in Path("/app").glob("*/**/tests") if ".venv" not in path.parts],
    "not_compiled": [str(path) for path in Path("/app").rglob("*.py")
        if path.parent.name != "bin" and ".venv" not in path.parts and path.name != "manage.py"
        and not list((path.parent / "__pycache__").glob(path.stem + ".*.pyc"))],
    "static": len(json.loads(Path("/app/static/staticfiles.json").read_text())["paths"]),
    "secret_files": [str(path) for path in Path("/app").glob(".env*")],
    "bill": json.loads(Path("/app/sbom.json").read_text()),
}))
"""


def run(*words: str, entry: str = "") -> "subprocess.CompletedProcess[str]":
    if not IMAGE:
        pytest.fail("IMAGE is not set. An example: IMAGE=name:tag just test-image")
    options = [f"--entrypoint={entry}"] if entry else []
    return subprocess.run([*RUN, *options, IMAGE, *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def inside() -> dict[str, Any]:
    done = run("-c", _INSIDE, entry="python")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    """Return what uv.lock says of production on Linux, by name."""
    command = [
        "uv",
        "export",
        "--locked",
        "--no-default-groups",
        "--no-hashes",
        "--no-annotate",
        "--no-header",
        "--quiet",
    ]
    lines = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    pins = [line.split(";")[0].strip() for line in lines if "sys_platform == 'win32'" not in line]
    return dict(pin.split("==") for pin in pins)


def test_its_packages_are_those_of_the_lock_file_and_its_bill_lists_them(
    inside: dict[str, Any], locked: dict[str, str]
) -> None:
    locked = {name.partition("[")[0]: version for name, version in locked.items()}
    # What only an older Python needs is not there.
    assert inside["packages"].items() <= locked.items()
    assert set(locked) - set(inside["packages"]) <= {"async-timeout", "typing-extensions", "backports-zoneinfo"}
    assert set(inside["packages"]) <= {component["name"] for component in inside["bill"]["components"]}


def test_it_is_nobody_in_particular_and_writes_to_tmp_alone(inside: dict[str, Any]) -> None:
    assert (inside["user"], inside["root_is_closed"], inside["tmp_is_open"]) == ([10001, 10001], True, True)


def test_nothing_is_in_it_that_production_does_not_need(inside: dict[str, Any]) -> None:
    assert (inside["compilers"], inside["tests"], inside["secret_files"]) == ([], [], [])


def test_bytecode_and_static_files_are_there(inside: dict[str, Any]) -> None:
    assert inside["not_compiled"] == []
    assert inside["static"] > 100


def test_it_says_its_roles_and_what_it_lacks() -> None:
    assert "worker [OPTIONS]" in run("help").stdout
    refused = run("web")
    assert refused.returncode != 0
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
        assert name in refused.stderr


def test_a_probe_tells_that_nothing_runs() -> None:
    assert run("web", entry="health").returncode == 1
    assert run("worker", entry="health").returncode == 1
