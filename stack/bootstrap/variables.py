"""The environment variables that reach the stack: an allowlist.

Variables of another project or a profile (PYTHONPATH, PGOPTIONS, DJANGO_SETTINGS_MODULE, …) would change what our
programs do, and a list of forbidden ones is never complete. A setting of the application is allowed if .env.example or
.env names it.

Only the standard library is used, since this runs before any package is installed.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from checkout.paths import GIVEN_SETTINGS, ROOT

# The user, the machine, the language, the terminal and the editor.
_SESSION = (
    "PATH HOME USER LOGNAME SHELL HOSTNAME PWD TERM TERMINFO* TERM_* COLORTERM COLUMNS LINES NO_COLOR FORCE_COLOR"
    " CLICOLOR* LANG LANGUAGE LC_* LOCPATH LOCALE_ARCHIVE TZ TZDIR TMPDIR TEMP TMP XDG_* EDITOR VISUAL PAGER LESS*"
    " BROWSER DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_* SSH_* GPG_* GIT_* SUDO_* VSCODE_* WSL* CI GITHUB_* CODESPACE*"
    " __CF_USER_TEXT_ENCODING OBJC_DISABLE_INITIALIZE_FORK_SAFETY"
)
# Without these the machine cannot start programs.
_LOADER = "LD_LIBRARY_PATH LD_PRELOAD DYLD_* NIX_LD* NSS_WRAPPER_*"
# Access to the network.
_NETWORK = (
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR"
    " REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NIX_SSL_CERT_FILE"
)
# Where the toolchain and the state are.
_PLACES = (
    "STATE_DIR POSTGRES_BIN REDIS_BIN WHEEL_LIBRARIES UV_PROJECT_ENVIRONMENT NIX_FLAGS JUST_WITHOUT_NIX"
    " STACK_MACHINE_ID"
)
# Where packages come from. Which ones is decided by uv.lock.
_PACKAGES = (
    "UV_INDEX UV_INDEX_* UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_NO_INDEX UV_KEYRING_PROVIDER"
    " UV_INSECURE_HOST UV_NATIVE_TLS UV_SYSTEM_CERTS UV_OFFLINE UV_CACHE_DIR UV_NO_CACHE UV_LINK_MODE UV_*_TIMEOUT"
    " UV_HTTP_RETRIES UV_CONCURRENT_* UV_CREDENTIALS_DIR UV_NO_PROGRESS NETRC"
)
# Options of recipes and tests; see the docs of each.
_RECIPES = (
    "PSQLRC PSQL_* SKIP PRE_COMMIT* SOAK_* BEATS_* FUZZ_* BENCH_* RECOVERED_WITHIN UPGRADE_* PLAYWRIGHT_BROWSERS_PATH"
    " PYTEST_XDIST_AUTO_NUM_WORKERS IMAGE IMAGE_RUN DOCKER_* BUILDAH_* STORAGE_DRIVER"
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
    # Reading .env refuses these names.
    return frozenset(name for text in texts for name in _SETTING.findall(text)) - set(_PLACES.split())


def given(file: Path = GIVEN_SETTINGS) -> dict[str, str]:
    """Return the settings that were given to `just up` as variables: they hold until `just down`."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def for_recipes(environment: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """Return the variables that reach a recipe."""
    chosen = _chosen(environment, [*_FOR_RECIPES, *settings(root)])
    # Set by the flake's shell on NixOS, which has linters of its own.
    without = {"UV_NO_GROUP": "linters"} if environment.get("UV_NO_GROUP") == "linters" else {}
    return _without_proxy_to_ourselves(chosen | without)


def for_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that reach the programs of the stack, without their settings."""
    return _without_proxy_to_ourselves(_chosen(environment, _FOR_PROGRAMS))


def _chosen(environment: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    patterns = list(patterns)
    return {
        name: value for name, value in environment.items() if any(fnmatchcase(name, pattern) for pattern in patterns)
    }


def _without_proxy_to_ourselves(environment: dict[str, str]) -> dict[str, str]:
    """Exclude this machine from the proxies, which could not reach it."""
    if not any(name.lower().endswith("_proxy") for name in environment):
        return environment
    exceptions = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    hosts = [host for host in exceptions.split(",") if host]
    both = ",".join([*hosts, *(host for host in _OURSELVES if host not in hosts)])
    return environment | {"no_proxy": both, "NO_PROXY": both}
