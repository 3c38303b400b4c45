"""The dev container against the flake, of which it is made."""

import re
import shlex
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from tests.harness.syntax import ROOT, json_with_comments, nix, nodes

PROFILE = "/nix/var/nix/profiles/default"
CONFIGURATION = json_with_comments((ROOT / ".devcontainer/devcontainer.json").read_text())
# One instruction a line, comments left out.
DOCKERFILE = re.sub(r"\\\n|^#.*\n", "", (ROOT / ".devcontainer/Dockerfile").read_text(), flags=re.MULTILINE)
FLAKE = (ROOT / "flake.nix").read_text()


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)


def variables_of_the_image() -> dict[str, str]:
    return dict(word.split("=", 1) for line in instructions("ENV") for word in shlex.split(line))


def variables_of_the_shell() -> dict[str, str]:
    bindings = [node.text.decode() for node in nodes(nix(FLAKE)) if node.type == "binding" and node.text]
    found = [re.fullmatch(r'([A-Z_]+) = "(.*)";', binding) for binding in bindings]
    return {match[1]: match[2] for match in found if match}


def test_image_and_shell_set_the_same_variables() -> None:
    image = variables_of_the_image()
    # The container is alone, so its port is fixed; and its PATH cannot come from a shell.
    assert image.pop("PORT") == "8000"
    assert image.pop("PATH") == f"{PROFILE}/share/postgres/bin:{PROFILE}/bin:$PATH"
    shell = variables_of_the_shell()
    assert {"POSTGRES_BIN", "REDIS_BIN", "UV_PYTHON"} <= set(shell)
    assert image == {name: value.replace("${toolchain}", PROFILE) for name, value in shell.items()}


def test_postgres_is_called_where_its_share_and_lib_lie_beside_it() -> None:
    # nixpkgs' Postgres follows no links to find them.
    assert variables_of_the_shell()["POSTGRES_BIN"] == "${toolchain}/share/postgres/bin"
    assert 'ln -s ${pkgs."postgresql_${versions.postgres}"} "$out/share/postgres"' in FLAKE


def test_a_login_shell_has_the_path_of_the_image() -> None:
    (path,) = re.findall(r'echo "PATH=(\S+)" > /etc/profile.d/', DOCKERFILE)
    assert path.replace("\\$", "$") == variables_of_the_image()["PATH"]


@pytest.mark.parametrize("name", ["onCreateCommand", "updateContentCommand", "postStartCommand"])
def test_a_command_of_the_creation_that_fails_says_what_to_do_and_fails_nothing(name: str, tmp_path: Path) -> None:
    # One that fails puts a codespace into recovery mode. Here every program of it fails.
    for program in ("sudo", "uv", "just"):
        (tmp_path / program).symlink_to("/bin/false")

    done = subprocess.run(
        ["/bin/sh", "-c", CONFIGURATION[name]],
        env={"PATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "Then: " in done.stderr


def test_prebuilds_hold_the_packages_and_a_migrated_cluster() -> None:
    assert "uv sync --locked --compile-bytecode && just prepare" in CONFIGURATION["updateContentCommand"]


def test_the_image_holds_the_flakes_toolchain() -> None:
    (build,) = (line for line in instructions("RUN") if "nix build" in line)
    assert f"--profile {PROFILE} path:/opt/toolchain#toolchain" in build
    assert "${NIX_FLAGS}" in build


def test_the_image_is_built_from_every_file_that_the_flake_reads() -> None:
    (copied,) = (line.split()[:-1] for line in instructions("COPY"))
    read = re.findall(r"readFile \./(\S+?)\)", FLAKE)
    assert read
    assert sorted(copied) == sorted(["flake.nix", "flake.lock", *read])
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert set(copied) <= {line.removeprefix("!") for line in ignored if line.startswith("!")}


def test_the_base_image_is_pinned_and_dependabot_sees_the_same() -> None:
    (base,) = (line.removeprefix("BASE_IMAGE=") for line in instructions("ARG") if line.startswith("BASE_IMAGE="))
    assert re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", base)
    assert instructions("FROM") == ["${BASE_IMAGE}"]
    assert f"\nFROM {base}\n" in (ROOT / ".devcontainer/base.Dockerfile").read_text()


def test_nobody_works_as_root() -> None:
    assert CONFIGURATION["remoteUser"] == instructions("USER")[-1] == "vscode"


def test_data_packages_and_cache_lie_in_the_volume_and_not_in_the_checkout() -> None:
    (mount,) = CONFIGURATION["mounts"]
    assert mount["type"] == "volume"
    assert "${devcontainerId}" in mount["source"]
    for name in ("STATE_DIR", "UV_PROJECT_ENVIRONMENT", "UV_CACHE_DIR"):
        path = PurePosixPath(CONFIGURATION["containerEnv"][name])
        assert PurePosixPath(mount["target"]) in path.parents
        assert not path.is_relative_to("/workspaces")
    # Made by the image, hence vscode's: a directory that only the engine makes is root's.
    assert mount["target"] in DOCKERFILE


def test_the_stack_knows_its_own_data_after_a_rebuild() -> None:
    assert CONFIGURATION["containerEnv"]["STACK_MACHINE_ID"] == "${devcontainerId}"


def test_the_editor_uses_the_python_and_the_linter_of_the_recipes() -> None:
    settings = CONFIGURATION["customizations"]["vscode"]["settings"]
    environment = CONFIGURATION["containerEnv"]["UV_PROJECT_ENVIRONMENT"]
    assert settings["python.defaultInterpreterPath"] == f"{environment}/bin/python"
    assert settings["ruff.path"] == [f"{environment}/bin/ruff"]


def test_the_pinned_port_is_forwarded_and_labelled() -> None:
    port = variables_of_the_image()["PORT"]
    assert CONFIGURATION["forwardPorts"] == [int(port)]
    assert CONFIGURATION["portsAttributes"][port]["label"]


def test_killed_programs_are_reaped() -> None:
    assert CONFIGURATION["init"] is True
