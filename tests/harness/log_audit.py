"""After every run of the tests: all that was logged is JSON, and holds no password or token that a test used.

A plugin of pytest, which conftest.py loads: each process notes the secrets that it meets, the first one looks.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from checkout import paths

# Shorter ones are words that a line may say for its own reasons.
SHORTEST = 10
_used: set[str] = set()


def _directory() -> Path:
    return Path(settings.LOG_DIR).with_name("secrets")


def _is_first(session: pytest.Session) -> bool:
    return not hasattr(session.config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if _is_first(session):
        for directory in (_directory(), Path(settings.LOG_DIR)):
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _note_secrets() -> Iterator[None]:
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415 - Django must have been set up
    from django.contrib.auth.tokens import PasswordResetTokenGenerator  # noqa: PLC0415
    from django.core.signing import Signer  # noqa: PLC0415
    from knox import crypto  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        # The password is the hasher's argument; of the others what they return is the secret.
        patch.setattr(MD5PasswordHasher, "encode", _noting(MD5PasswordHasher.encode, argument=1))
        for place, name in (
            (crypto, "create_token_string"),
            (PasswordResetTokenGenerator, "make_token"),
            (Signer, "sign"),
        ):
            patch.setattr(place, name, _noting(getattr(place, name)))
        yield


def _noting(function: Callable[..., Any], *, argument: int | None = None) -> Callable[..., Any]:
    def noting(*args: Any, **kwargs: Any) -> Any:
        returned = function(*args, **kwargs)
        _used.add(str(returned if argument is None else args[argument]))
        return returned

    return noting


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    _directory().mkdir(parents=True, exist_ok=True)
    (_directory() / f"{os.getpid()}.json").write_text(json.dumps(sorted(_used)))
    if _is_first(session) and (findings := audit()):
        session.config.stash[_FINDINGS] = findings
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_FINDINGS = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for finding in config.stash.get(_FINDINGS, []):
        terminalreporter.write_line(f"LOGS {finding}", red=True)


def audit() -> list[str]:
    """Return what is wrong with the lines of this run, and with what the servers wrote."""
    noted = [json.loads(file.read_text()) for file in _directory().glob("*.json")]
    secrets = {secret for some in noted for secret in some if len(secret) >= SHORTEST} | {settings.SECRET_KEY}
    lines = sorted(Path(settings.LOG_DIR).glob("*.log"))
    servers = [file for file in (paths.LOGS / "postgres.log", paths.LOGS / "redis.log") if file.is_file()]
    leaks = [f"{file.name} holds {secret!r}" for file in [*lines, *servers] for secret in held(file, secrets)]
    return leaks + [f"{file.name}: not JSON: {line!r}" for file in lines for line in broken(file)]


def held(file: Path, secrets: set[str]) -> list[str]:
    text = file.read_text(errors="replace")
    return [secret for secret in secrets if secret in text]


def broken(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not _is_record(line)]


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
