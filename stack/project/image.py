"""`just image`: the production image, built by Docker, Podman or Buildah, whichever is there."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence

from checkout import paths
from stack import git
from stack.console import say
from stack.errors import StackError

_FILE = "deploy/Dockerfile"
_IGNORED = f"{_FILE}.dockerignore"
# Docker reads the ignore file beside the Dockerfile by itself, with BuildKit.
_COMMANDS = {
    "docker": ("docker", "build"),
    "podman": ("podman", "build", f"--ignorefile={_IGNORED}"),
    "buildah": ("buildah", "build", f"--ignorefile={_IGNORED}"),
}
BUILDERS = tuple(_COMMANDS)
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")


def build(tag: str = "", *, builder: str = "", options: Sequence[str] = ()) -> None:
    """Build the image; its tag is the project's name and version unless another is given.

    Further options are the builder's own, such as --platform or --build-arg. Raises StackError if it was not built.
    """
    tag = tag or f"{_name()}:{version()}"
    if not _TAG.fullmatch(tag):
        raise StackError(f"{tag!r} cannot be the tag of an image. Nothing was built. An example: registry/name:1.0")
    program = _program(builder)
    labels = {"NAME": _name(), "VERSION": version(), "REVISION": git.commit("HEAD"), "SOURCE": _source()}
    arguments = [f"--build-arg={name}={value}" for name, value in labels.items() if value]
    command = [*_COMMANDS[program], f"--file={_FILE}", f"--tag={tag}", *arguments, *options, "."]
    done = subprocess.run(command, cwd=paths.ROOT, env={**os.environ, "DOCKER_BUILDKIT": "1"}, check=False)
    if done.returncode:
        raise StackError(f"{program} did not build the image (see above). An image of that name is as it was.")
    say(f"built {tag}. Its roles: {program.replace('buildah', 'podman')} run --rm {tag} help")


def version() -> str:
    """Return the version of what is in the working tree: its tag, or its commit, with -dirty if that has changed."""
    return git.run("describe", "--tags", "--always", "--dirty").stdout.strip() or "unknown"


def _program(builder: str) -> str:
    if builder and builder not in _COMMANDS:
        raise StackError(f"there is no builder {builder!r}. Nothing was built. There are: {', '.join(_COMMANDS)}")
    for name in [builder] if builder else _COMMANDS:
        if shutil.which(name):
            return name
    raise StackError(
        f"there is no {builder or 'docker, podman or buildah'} here. Nothing was built. Install one of them, or build"
        " on another machine: the image is made from deploy/Dockerfile alone"
    )


def _name() -> str:
    return str(tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]["name"])


def _source() -> str:
    url = git.run("remote", "get-url", "origin").stdout.strip()
    # Of a URL that has a password in it, or that is a path of this machine, nothing is told.
    return url if re.fullmatch(r"https://[^@\s]+", url) else ""
