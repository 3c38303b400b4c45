"""`just client`: a typed TypeScript client of the API, from its schema."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from checkout import paths
from stack.console import say, step
from stack.errors import StackError

_SOURCES = Path(__file__).with_name("typescript")
# Node's programs and packages, locked by package-lock.json.
_TOOLS = paths.STATE / "client-tools"
SCHEMA = paths.ROOT / "docs/openapi.yml"
DEFAULT = paths.STATE / "client"
_OLDEST_NODE = 20
# Written with the client; others of the directory are somebody else's.
_FILES = ("client.ts", "schema.ts")


def write(directory: Path = DEFAULT) -> None:
    """Write the client into a directory, complete and compiled once, or leave it as it was."""
    npm = _npm()
    with step("tools, by npm", spinner=False):
        _TOOLS.mkdir(parents=True, exist_ok=True)
        for source in _SOURCES.iterdir():
            shutil.copy(source, _TOOLS)
        _run(npm, "ci", "--no-fund", "--no-audit", "--silent")
    with step("types of the schema", spinner=False):
        _run(npm, "exec", "--", "openapi-typescript", str(SCHEMA), "--output", str(_TOOLS / "schema.ts"))
    with step("tsc --strict", spinner=False):
        _run(npm, "exec", "--", "tsc", "--noEmit")
    directory.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copy(_TOOLS / name, directory)
    say(f"wrote {' and '.join(_FILES)} into {directory}. They need openapi-fetch: npm install openapi-fetch")


def _npm() -> list[str]:
    """Return the command of npm: the machine's with a Node.js that is new enough, else that of a wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        found = re.match(
            r"v(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        )
        if found and int(found[1]) >= _OLDEST_NODE:
            return [npm]
    return [shutil.which("uv") or "uv", "run", "--isolated", "--locked", "--only-group", "client", "npm"]


def _run(npm: list[str], *words: str) -> None:
    project = {"UV_PROJECT": str(paths.ROOT)}
    done = subprocess.run(
        [*npm, *words], cwd=_TOOLS, env={**os.environ, **project}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise StackError(f"npm {words[0]} failed, and no file of the client was changed.\n{said}")
