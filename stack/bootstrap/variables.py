"""Which of the machine's environment variables reach the stack: those that are ours or were chosen, and no others.

What another project or a profile exports (PYTHONPATH, PGOPTIONS, DJANGO_SETTINGS_MODULE, …) would change what our
programs do, and a list of what is forbidden is never complete. So here is what is let in. A setting of the
application comes in by being named in .env.example or in .env.

Nothing but the standard library: this is read before any package is there.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from checkout.paths import GIVEN_SETTINGS, ROOT

# Who works here, on which machine, in which language, in which terminal and editor.
_SESSION = (
    "PATH HOME USER LOGNAME SHELL HOSTNAME PWD TERM TERMINFO* TERM_* COLORTERM COLUMNS LINES NO_COLOR FORCE_COLOR"
    " CLICOLOR* LANG LANGUAGE LC_* LOCPATH LOCALE_ARCHIVE TZ TZDIR TMPDIR TEMP TMP XDG_* EDITOR VISUAL PAGER LESS*"
    " BROWSER DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_* SSH_* GPG_* GIT_* SUDO_* VSCODE_* WSL* CI GITHUB_* CODESPACE*"
    " __CF_USER_TEXT_ENCODING OBJC_DISABLE_INITIALIZE_FORK_SAFETY"
)
# What the machine needs to start programs at all.
_LOADER = "LD_LIBRARY_PATH LD_PRELOAD DYLD_* NIX_LD* NSS_WRAPPER_*"
# How the network is reached: the application may call out.
_NETWORK = (
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR"
    " REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NIX_SSL_CERT_FILE"
)
# Where the toolchain and the state are.
_PLACES = (
    "STATE_DIR POSTGRES_BIN REDIS_BIN WHEEL_LIBRARIES UV_PROJECT_ENVIRONMENT NIX_FLAGS JUST_WITHOUT_NIX"
    " STACK_MACHINE_ID"
)
# Where packages come from, and how: not which ones, which uv.lock says.
_PACKAGES = (
    "UV_INDEX UV_INDEX_* UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_NO_INDEX UV_KEYRING_PROVIDER"
    " UV_INSECURE_HOST UV_NATIVE_TLS UV_SYSTEM_CERTS UV_OFFLINE UV_CACHE_DIR UV_NO_CACHE UV_LINK_MODE UV_*_TIMEOUT"
    " UV_HTTP_RETRIES UV_CONCURRENT_* UV_CREDENTIALS_DIR UV_NO_PROGRESS NETRC"
)
# What the recipes for people and tests take; see the docs of each.
_RECIPES = (
    "PSQLRC PSQL_* SKIP PRE_COMMIT* SOAK_* FUZZ_* BENCH_* RECOVERED_WITHIN PLAYWRIGHT_BROWSERS_PATH"
    " PYTEST_XDIST_AUTO_NUM_WORKERS"
)

_FOR_PROGRAMS = f"{_SESSION} {_LOADER} {_NETWORK} {_PLACES}".split()
_FOR_RECIPES = [*_FOR_PROGRAMS, *_PACKAGES.split(), *_RECIPES.split()]

_SETTING = re.compile(r"^#?\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_OURSELVES = ("localhost", "127.0.0.1", "::1")


def settings(root: Path = ROOT) -> frozenset[str]:
    """Return the names of the settings: what .env.example and .env name, commented out or not."""
    files = [root / ".env.example", root / ".env"]
    texts = [
        path.read_bytes().decode(errors="replace") for path in files if os.access(path, os.R_OK) and path.is_file()
    ]
    # Something in .env that looks like a place is refused where .env is read.
    return frozenset(name for text in texts for name in _SETTING.findall(text)) - set(_PLACES.split())


def given(file: Path = GIVEN_SETTINGS) -> dict[str, str]:
    """Return the settings that were given to `just up` as variables: they hold until `just down`."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def for_recipes(environment: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """Return what reaches a recipe."""
    chosen = _chosen(environment, [*_FOR_RECIPES, *settings(root)])
    # The flake's shell on NixOS has linters of its own, and sets this one.
    without = {"UV_NO_GROUP": "linters"} if environment.get("UV_NO_GROUP") == "linters" else {}
    return _without_proxy_to_ourselves(chosen | without)


def for_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what reaches the programs of the stack, their settings apart."""
    return _without_proxy_to_ourselves(_chosen(environment, _FOR_PROGRAMS))


def _chosen(environment: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    patterns = list(patterns)
    return {
        name: value for name, value in environment.items() if any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def _without_proxy_to_ourselves(environment: dict[str, str]) -> dict[str, str]:
    """Keep requests to this machine away from a proxy, which could not answer them."""
    if not any(name.lower().endswith("_proxy") for name in environment):
        return environment
    exceptions = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host for host in exceptions.split(",") if host]
    both = ",".join([*hosts, *(host for host in _OURSELVES if host not in hosts)])
    return environment | {"no_proxy": both, "NO_PROXY": both}
