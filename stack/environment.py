"""The settings that the stack itself needs, from the environment and .env, and those that its programs started with.

.env is read anew at every start. A variable that was given to `just up` holds until `just down`: it is kept in the
state, for a program that is started again later, and for the other recipes.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from conf import dotenv, local
from stack import variables
from stack.errors import StackError

DOTENV = local.ROOT / ".env"
_GIVEN = local.STATE / variables.GIVEN
_PORTS = ("PORT", "POSTGRES_PORT", "REDIS_PORT")
# What a program depends on where that is not everything.
_CONCERNS = {"postgres": ("POSTGRES_PORT",), "redis": ("REDIS_PORT",), "reload": ()}


@dataclass(frozen=True)
class Environment:
    """What a developer may have set; ports are 0, URLs empty, where nothing was."""

    port: int
    postgres_port: int
    redis_port: int
    database_url: str
    redis_url: str


def read() -> Environment:
    """Return the environment, completed by .env. Raises StackError for what makes no sense, and never shows it."""
    lines = _lines()
    ports = {name: _port(name, lines) for name in _PORTS}
    redis_url = _value("REDIS_URL", lines)
    if problem := local.redis_url_problem(redis_url):
        raise StackError(problem)
    return Environment(
        ports["PORT"],
        ports["POSTGRES_PORT"],
        ports["REDIS_PORT"],
        _value("DATABASE_URL", lines),
        redis_url,
    )


def read_for_tests() -> Environment:
    """Return the same with the servers of the tests: those that were handed to them, else the checkout's own."""
    return replace(read(), database_url=setting("TEST_DATABASE_URL"), redis_url=setting("TEST_REDIS_URL"))


def setting(name: str) -> str:
    """Return the value of a setting; empty where there is none. Raises StackError where .env cannot be read."""
    return _value(name, _lines())


def setting_or(name: str, default: str) -> str:
    """Return the value of a setting, which may be set to nothing; the default where it is not set at all."""
    lines = _lines()
    return _value(name, lines) if name in os.environ or name in lines else default


def _lines() -> dict[str, dotenv.Line]:
    try:
        return dotenv.read(DOTENV)
    except dotenv.DotenvError as error:
        raise StackError(str(error)) from None


def _value(name: str, lines: dict[str, dotenv.Line]) -> str:
    value = os.environ[name] if name in os.environ else lines[name].value if name in lines else ""
    return value.strip()


def _port(name: str, lines: dict[str, dotenv.Line]) -> int:
    value = _value(name, lines) or "0"
    if value.isdecimal() and int(value) <= 65535:  # noqa: PLR2004 - the highest port
        return int(value)
    where = f".env, line {lines[name].number}: " if name not in os.environ else ""
    raise StackError(f"{where}{name} is not the number of a port; take one from 1024 to 65535.")


def given() -> dict[str, str]:
    """Return the settings that were given to `just up` as variables, and have held since."""
    return variables.given(local.STATE)


def adopt() -> None:
    """Let what was given to `just up` hold for this process, unless it was given something else."""
    os.environ.update(given() | dict(os.environ))


@contextmanager
def remembered() -> Iterator[None]:
    """Keep what this process was given, beside what was given before, for the programs that it starts.

    What a failed start was given is not kept: it may be what failed.
    """
    before, ours = given(), variables.settings(local.ROOT)
    _keep(before | {name: value for name, value in os.environ.items() if name in ours})
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _keep(before)
        raise


def _keep(settings: dict[str, str]) -> None:
    new = _GIVEN.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(settings))
    new.rename(_GIVEN)


def forget() -> None:
    """Forget what was given: the stack is down."""
    _GIVEN.unlink(missing_ok=True)


def note_start(program: str) -> None:
    """Write down with which settings a program starts, as a fingerprint. A full disk does not keep it from starting."""
    with suppress(OSError):
        _note(program).write_text(fingerprint(program))


def changed(programs: Iterable[str]) -> list[str]:
    """Return those of the programs that were started with other settings than count now."""
    return [name for name in programs if _note(name).is_file() and _note(name).read_text() != fingerprint(name)]


def _note(program: str) -> Path:
    return local.STATE / f"{program}.settings"


def fingerprint(program: str = "") -> str:
    """Return what changes when a setting of the program does; of any program where none is named."""
    now = {name: line.value for name, line in _lines().items()} | given()
    concern = {name: now.get(name, "") for name in _CONCERNS.get(program, now)}
    return hashlib.sha256(json.dumps(concern, sort_keys=True).encode()).hexdigest()


def write_dotenv(path: Path = DOTENV) -> None:
    """Write .env from .env.example with a secret of its own, unless there is one."""
    if path.exists():
        return
    example = path.with_name(".env.example").read_text()
    secret = f"SECRET_KEY={secrets.token_urlsafe(50)}"
    lines = [secret if line.startswith("SECRET_KEY=") else line for line in example.splitlines()]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
