"""How the production image is built, with a builder that prints what it is told."""

import os
from pathlib import Path

import pytest

from checkout import paths
from stack.errors import StackError
from stack.project import image


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a buildah on the path that prints its arguments into a file, a line each."""
    program = tmp_path / "buildah"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/printed\nexit "${{BUILDER_STATUS:-0}}"\n')
    program.chmod(0o755)
    git = Path(next(d for d in os.environ["PATH"].split(":") if (Path(d) / "git").exists())) / "git"
    (tmp_path / "git").symlink_to(git)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    return tmp_path / "printed"


def test_the_builder_that_is_there_gets_version_and_options(printed: Path) -> None:
    (printed.parent / "buildah").read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{printed.parent}:/bin")
        image.build("shop:1", builder="buildah", options=["--platform=linux/arm64"])
    told = printed.read_text().splitlines()
    assert told[:2] == ["build", "--ignorefile=deploy/Dockerfile.dockerignore"]
    assert {"--tag=shop:1", f"--build-arg=VERSION={image.version()}", "--platform=linux/arm64"} <= set(told)
    assert told[-1] == "."


def test_what_cannot_be_built_says_why(printed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{printed.parent}:/bin")
    for words, said in (
        ({"tag": "no tag"}, "cannot be the tag"),
        ({"builder": "kaniko"}, "docker, podman, buildah"),
    ):
        with pytest.raises(StackError, match=said):
            image.build(**words)
    monkeypatch.setenv("BUILDER_STATUS", "3")
    with pytest.raises(StackError, match="did not build"):
        image.build("shop:1", builder="buildah")
    monkeypatch.setenv("PATH", str(printed.parent / "nowhere"))
    with pytest.raises(StackError, match="there is no docker here"):
        image.build("shop:1", builder="docker")


def test_the_ignore_file_lets_in_what_the_dockerfile_copies_and_nothing_else() -> None:
    copied = {
        word
        for line in (paths.ROOT / "deploy/Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in [word for word in line.split()[1:] if not word.startswith("--")][:-1]
    }
    lines = (paths.ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied
    assert "*" in lines
