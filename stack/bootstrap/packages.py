"""Brings an environment of Python packages in line with uv.lock, from where this user gets packages.

The lock decides which packages; the user decides where they come from (index, proxy, certificates, cache). So uv sees
only that part of the user's configuration: an `exclude-newer` of another project would make the lock look outdated.
Only the standard library is used, since this runs before any package is installed.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from checkout.paths import ROOT

# The options of uv.toml that say where packages come from, and how.
_CHOSEN = {
    *("index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy", "keyring-provider"),
    *("allow-insecure-host", "native-tls", "system-certs", "http-proxy", "https-proxy", "no-proxy", "offline"),
    *("cache-dir", "no-cache", "link-mode", "concurrent-downloads", "concurrent-installs"),
}
_INDEXES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_INDEX_URL")


class PackagesError(Exception):
    """The packages could not be installed. The message says what to do; uv's own output is above it."""


def say(message: str) -> None:
    """Print a message to standard error."""
    print(f"just: {message}", file=sys.stderr, flush=True)


def uv(environment: Mapping[str, str]) -> str:
    """Return the path of uv. Raises PackagesError if it is missing."""
    if found := shutil.which("uv", path=environment.get("PATH")):
        return found
    raise PackagesError("there is no uv. Type ./just in place of just, which brings it.")


def synchronise(venv: Path, environment: Mapping[str, str], what: str, *options: str) -> None:
    """Install the packages of the lock that the environment lacks.

    Raises PackagesError if that fails, or if the lock does not match pyproject.toml.
    """
    command = [uv(environment), "sync", "--locked", *options]
    with tempfile.TemporaryDirectory() as configuration:
        plain = _isolated(environment, venv, Path(configuration) / "plain", {})
        if _run([*command, "--check", "--quiet", "--offline"], plain, quiet=True):
            return
        chosen = configured(environment)
        shown = _isolated(environment, venv, Path(configuration) / "chosen", chosen)
        say(f"bringing {what} in line with uv.lock")
        if not _has_index_in_place_of_pypi(chosen, environment):
            if not _run(command, shown):
                raise PackagesError(_advice(environment, plain))
            return
        # For uv the lock of another index is another lock. So the lock is checked without that index, and its packages
        # are then installed from there, with their hashes.
        if not _run([uv(environment), "lock", "--check", "--quiet", "--offline"], plain):
            raise PackagesError(_advice(environment, plain))
        _install_from_index(venv, plain, shown, options)


def _install_from_index(venv: Path, plain: Mapping[str, str], shown: Mapping[str, str], options: Sequence[str]) -> None:
    program = uv(shown)
    with tempfile.TemporaryDirectory() as directory:
        requirements = Path(directory) / "requirements.txt"
        groups = [option for option in options if option.startswith("--only-group")]
        export = [program, "export", "--frozen", "--quiet", f"--output-file={requirements}", *groups]
        install = [program, "pip", "install", "--require-hashes", f"--python={venv}", f"--requirement={requirements}"]
        steps = [export, *([] if (venv / "pyvenv.cfg").is_file() else [[program, "venv", "--quiet", str(venv)]])]
        if not (all(_run(step, plain) for step in steps) and _run(install, shown)):
            raise PackagesError(_NO_PACKAGES)


_NO_PACKAGES = "could not install the packages (see above). Is there a network, and does the package index answer?"


def _advice(environment: Mapping[str, str], plain: Mapping[str, str]) -> str:
    if _run([uv(environment), "lock", "--check", "--quiet", "--offline"], plain, quiet=True):
        return _NO_PACKAGES
    return (
        "uv.lock and pyproject.toml do not match, or one of them is damaged (see above). No package was changed."
        " To update the lock: just uv lock. Status, down, logs and doctor work meanwhile."
    )


def _has_index_in_place_of_pypi(chosen: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    return bool(
        any(environment.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_NO_INDEX"))
        or chosen.get("index-url")
        or chosen.get("no-index")
        or any(index.get("default") for index in chosen.get("index", []) if isinstance(index, dict))
    )


def run_uv(arguments: Sequence[str], venv: Path, environment: Mapping[str, str]) -> int:
    """Run uv with the configuration of this project; return its exit status."""
    with tempfile.TemporaryDirectory() as directory:
        shown = _isolated(environment, venv, Path(directory) / "chosen", configured(environment))
        return subprocess.run([uv(environment), *arguments], cwd=ROOT, env=shown, check=False).returncode


def configured(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return where packages come from, according to the uv.toml of the user and then of the machine."""
    chosen: dict[str, Any] = {}
    for path in _configuration_files(environment):
        try:
            options = tomllib.loads(path.read_text())
        except (OSError, ValueError):
            say(f"{path} cannot be read, and is ignored")
            continue
        for name in _CHOSEN & options.keys():
            if isinstance(options[name], list):
                chosen[name] = [*chosen.get(name, []), *options[name]]
            else:
                chosen.setdefault(name, options[name])
    return chosen


def _configuration_files(environment: Mapping[str, str]) -> Iterator[Path]:
    home = environment.get("HOME", "")
    user = environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    machine = [*(environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"), "/etc"]
    system = next((Path(d, "uv/uv.toml") for d in machine if d and Path(d, "uv/uv.toml").is_file()), None)
    yield from (path for path in (Path(user, "uv/uv.toml") if user else None, system) if path and path.is_file())


def _isolated(
    environment: Mapping[str, str], venv: Path, directory: Path, configuration: Mapping[str, Any]
) -> dict[str, str]:
    """Return the environment of a uv that sees this configuration in place of the user's and the machine's.

    UV_CONFIG_FILE is not used, since it would also replace the options in pyproject.toml. If the directory is called
    plain, the variables that name indexes are left out, too.
    """
    files = {directory / "user/uv/uv.toml": toml(configuration), directory / "machine/uv/uv.toml": ""}
    for path, text in files.items():
        path.parent.mkdir(parents=True)
        path.write_text(text)
    # uv warns of an active environment that is not the project's.
    left_out = ("VIRTUAL_ENV", *(_INDEXES if directory.name == "plain" else ()))
    return {name: value for name, value in environment.items() if name not in left_out} | {
        "XDG_CONFIG_HOME": str(directory / "user"),
        "XDG_CONFIG_DIRS": str(directory / "machine"),
        "UV_PROJECT_ENVIRONMENT": str(venv),
        # All environments of this checkout use the same interpreter; uv downloads none.
        "UV_PYTHON": sys._base_executable,  # type: ignore[attr-defined] # noqa: SLF001 - what a venv is made of
        "UV_PYTHON_DOWNLOADS": "never",
    }


def toml(options: Mapping[str, Any]) -> str:
    """Return options as the text of a TOML file."""
    return "".join(f"{name} = {_value(value)}\n" for name, value in options.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_value(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _run(command: Sequence[str], environment: Mapping[str, str], *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        command, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
    )
    return done.returncode == 0
