"""Reads .env by python-dotenv's rules: quotes, `export`, comments after a space and a #. A $ has no meaning.

The file is read again each time, and never copied to the environment, where a later change would not be seen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

# They are needed before .env is read: ./just, uv and the binaries of the servers are found by them.
ENVIRONMENT_ALONE = (
    *("STATE_DIR", "POSTGRES_BIN", "REDIS_BIN", "WHEEL_LIBRARIES", "UV_PROJECT_ENVIRONMENT"),
    *("NIX_FLAGS", "JUST_WITHOUT_NIX"),
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class DotenvError(ValueError):
    """A line is invalid. The message names its number, never its content."""


@dataclass(frozen=True)
class Line:
    """A value and the number of its line."""

    value: str
    number: int


def read(path: Path) -> dict[str, Line]:
    """Return the lines of the file by name; empty if there is no file. Of two lines with one name the last one counts.

    Raises DotenvError for a line that is neither empty, a comment nor NAME=value, and for a file that is not UTF-8.
    """
    if not path.is_file():
        return {}
    return dict(_line(path, binding) for binding in _bindings(_text(path)))


def _text(path: Path) -> str:
    data = path.read_bytes()
    if b"\0" in data:
        raise DotenvError(f"{path.name}, line 1: the file is not UTF-8 (perhaps UTF-16). Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise DotenvError(f"{path.name}, line {number}: not UTF-8. Save the file as UTF-8.") from None


def _bindings(text: str) -> Iterator[Binding]:
    return (binding for binding in parse_stream(StringIO(text)) if binding.key is not None or binding.error)


def _line(path: Path, binding: Binding) -> tuple[str, Line]:
    # For the parser, empty lines belong to the line that follows them.
    blank = binding.original.string[: len(binding.original.string) - len(binding.original.string.lstrip())]
    number = binding.original.line + blank.count("\n")
    name = binding.key or ""
    if binding.error or binding.value is None or not _NAME.fullmatch(name):
        raise DotenvError(f"{path.name}, line {number}: not NAME=value. Correct or delete the line.")
    if name in ENVIRONMENT_ALONE:
        raise DotenvError(
            f"{path.name}, line {number}: {name} counts in the environment alone. Delete the line, and export {name}."
        )
    return name, Line(binding.value, number)
