"""Settings that were given to `just up` as variables. They hold until `just down`.

They are kept in the state directory, for programs that are started again later and for the other recipes.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from checkout import paths
from stack.bootstrap import variables
from stack.settings import environment


def current() -> dict[str, str]:
    """Return the settings that were given."""
    return variables.given(paths.GIVEN_SETTINGS)


def apply() -> None:
    """Apply them to this process, unless it was given other values."""
    os.environ.update(current() | dict(os.environ))


@contextmanager
def remembered() -> Iterator[None]:
    """Keep what this process was given, in addition to what was given before.

    If the block fails, its settings are not kept: they may be the reason.
    """
    before, known = current(), variables.settings(paths.ROOT)
    _write(before | {name: value for name, value in os.environ.items() if name in known})
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _write(before)
        raise


def _write(settings: dict[str, str]) -> None:
    new = paths.GIVEN_SETTINGS.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(settings))
    new.rename(paths.GIVEN_SETTINGS)


def forget() -> None:
    """Forget them: the stack is down."""
    paths.GIVEN_SETTINGS.unlink(missing_ok=True)


def fingerprint(names: Iterable[str] | None = None) -> str:
    """Return a hash of the values of these settings, or of all settings: .env completed by what was given."""
    values = {name: line.value for name, line in environment.lines().items()} | current()
    chosen = {name: values.get(name, "") for name in (values if names is None else names)}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()
