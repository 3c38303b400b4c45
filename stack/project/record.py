"""Where the project comes from: template.toml, which `just rename` writes and `just update-template` reads."""

import tomllib
from dataclasses import dataclass, replace

from stack.errors import StackError
from stack.git import Read

FILE = "template.toml"
# What every project writes itself. Updates leave these files alone.
_OWN = ("CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md")
_TEXT = """\
# Where this project comes from. `just rename` has written it, and `just update-template` reads it.
# The template's repository, and the commit from which this project has all changes.
name = "{name}"
repository = "{repository}"
commit = "{commit}"
# Files of this project that updates leave alone.
own = [{own}]
"""


@dataclass(frozen=True)
class Record:
    """The template's name, where it is (a URL or a path; empty if unknown), a commit of it, and files that are ours."""

    name: str
    repository: str
    commit: str
    own: tuple[str, ...] = _OWN

    def text(self) -> str:
        """Return the file."""
        own = ", ".join(f'"{path}"' for path in self.own)
        return _TEXT.format(name=self.name, repository=self.repository, commit=self.commit, own=own)

    def at(self, commit: str) -> "Record":
        """Return the record of another commit."""
        return replace(self, commit=commit)


def read(files: Read) -> Record | None:
    """Return what is recorded; None in the template itself. Raises StackError for a file that cannot be read."""
    text = files(FILE)
    if text is None:
        return None
    try:
        found = tomllib.loads(text)
        return Record(found["name"], found["repository"], found["commit"], _paths(found["own"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise StackError(
            f"{FILE} cannot be read ({error}). Nothing was changed. Its last version: git log {FILE}"
        ) from None


def _paths(own: list[str] | str) -> tuple[str, ...]:
    if isinstance(own, str):
        # Otherwise its letters would be the paths.
        raise TypeError("own is a list of paths")
    return tuple(own)
