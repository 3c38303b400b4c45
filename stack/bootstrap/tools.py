"""Installs uv and just for ./just: `python3 stack/bootstrap/tools.py VENV REQUIREMENTS`, with an isolated pip.

Of the user's settings for pip, only those apply that say where packages come from: index, proxy, certificates, cache.
`user = true` or `target` would install the tools in another directory. Only the standard library is used.
"""

import configparser
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_CHOSEN = {
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "cert", "client-cert"),
    *("timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir", "keyring-provider", "use-feature"),
}


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a pip with only the chosen settings; variables override files, as with pip."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("PIP_", "PYTHON", "UV_"))}
    from_files = {option: value for path in _files(inherited) for option, value in _options(path).items()}
    from_variables = {
        option: value for option in _CHOSEN if (value := inherited.get(f"PIP_{option.upper().replace('-', '_')}"))
    }
    chosen = from_files | from_variables
    # With the null device as its file, pip reads no other file either.
    return (
        kept
        | {f"PIP_{option.upper().replace('-', '_')}": value for option, value in chosen.items()}
        | {"PIP_CONFIG_FILE": os.devnull}
    )


def _files(inherited: Mapping[str, str]) -> Iterator[Path]:
    """Return pip's configuration files, in increasing precedence (pip's documentation, "Location")."""
    home = inherited.get("HOME", "")
    if (named := inherited.get("PIP_CONFIG_FILE")) == os.devnull:
        return
    yield from (Path(d, "pip/pip.conf") for d in (inherited.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if d)
    yield Path("/etc/pip.conf")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    if home:
        yield Path(home, ".pip/pip.conf")
    if sys.platform == "darwin" and home:
        yield Path(home, "Library/Application Support/pip/pip.conf")
    if config := inherited.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        yield Path(config, "pip/pip.conf")
    if named:
        yield Path(named)


def _options(path: Path) -> dict[str, str]:
    """Return the chosen settings of a file. An invalid or unreadable file is reported and ignored."""
    parser = configparser.RawConfigParser()
    try:
        parser.read([path])
    except (OSError, configparser.Error, UnicodeDecodeError):
        print(f"just: {path} cannot be read, and is ignored", file=sys.stderr)
        return {}
    sections = [parser[name] for name in ("global", "install") if parser.has_section(name)]
    found = {name.replace("_", "-"): value for section in sections for name, value in section.items()}
    # Some options take several values, one on each line; in a variable they are separated by spaces.
    return {name: " ".join(value.split()) for name, value in found.items() if name in _CHOSEN}


def main(venv: str, requirements: str) -> int:
    """Install the requirements with their hashes; return pip's exit status."""
    pip = [f"{venv}/bin/python", "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    options = ["--only-binary=:all:", "--require-hashes", "--requirement", requirements]
    return subprocess.run([*pip, *options], env=environment(os.environ), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
