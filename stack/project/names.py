"""The names of a project: where each stands, and how a file reads with others."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

from stack.errors import StackError
from stack.git import Read

PYPROJECT, LOCK, SETTINGS, SCHEMA, README = (
    "pyproject.toml",
    "uv.lock",
    "conf/project/settings.py",
    "docs/openapi.yml",
    "README.md",
)
# One of PEP 508, normalized, and short enough for a title.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 60
# Plain text in TOML, Python, YAML and HTML.
_TITLE_TEXT = re.compile(r"[^\W\d_]([\w ,.&+()'-]*[\w,.&+()'-])?")
# Words that YAML takes for something else than text.
_NO_TEXT_IN_YAML = ("true", "false", "yes", "no", "on", "off", "null")
_DESCRIPTION = "A Django REST API whose whole stack runs natively."
# What the README says about the template, between these lines, is not about a project that comes from it.
_ABOUT_TEMPLATE = re.compile(r"<!-- template -->\n(.*?)<!-- /template -->\n+", re.DOTALL)
_TITLE = re.compile(r'^API_TITLE = "(.*)"$', re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """The project's name (acme-billing), the title of its API (Acme Billing API), and what it is, in a sentence."""

    name: str
    title: str
    description: str


def chosen(name: str, title: str = "", description: str = "", *, before: Names | None = None) -> Names:
    """Return the names that somebody chooses; title and description that were chosen before stay unless given.

    Raises StackError for a name that no project can have.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise StackError(
            f"{name!r} cannot be the name of a project: small letters, digits and hyphens, the first one a letter, at"
            f" most {_LONGEST}. Nothing was changed. An example: just rename acme-billing"
        )
    if not title and before and before.title != _title_of(before.name):
        title = before.title
    title = title or _title_of(name)
    longest = _LONGEST + len(" API")
    if not _TITLE_TEXT.fullmatch(title) or len(title) > longest or title.lower() in _NO_TEXT_IN_YAML:
        raise StackError(
            f"{title!r} cannot be the title: letters, digits, spaces and , . & + ( ) ' -, a letter first, no space"
            f" last, at most {longest}, and none of {', '.join(_NO_TEXT_IN_YAML)}. Nothing was changed."
        )
    if '"' in description or "\\" in description or not description.isprintable():
        raise StackError(f"{description!r}: no quotes, backslashes, tabs and line breaks. Nothing was changed.")
    return Names(name, title, description.strip() or (before.description if before else "") or _DESCRIPTION)


def _title_of(name: str) -> str:
    return f"{name.replace('-', ' ').title()} API"


def require_no_package(name: str, read: Read) -> None:
    """Raise StackError for the name of a package that is locked: a project cannot depend on itself."""
    if name != present(read).name and f'\nname = "{name}"\n' in (read(LOCK) or ""):
        raise StackError(f"{name} is a package that the project depends on. Nothing was changed. Choose another name.")


def present(read: Read) -> Names:
    """Return the names that a project has. Raises StackError if its files do not say."""
    try:
        project = tomllib.loads(read(PYPROJECT) or "")["project"]
        title = _TITLE.search(read(SETTINGS) or "")
        return Names(project["name"], title[1] if title else "", project.get("description", ""))
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise StackError(
            f"{PYPROJECT} does not say what the project is called ({error}). Nothing was changed."
        ) from None


def renamed(read: Read, new: Names) -> dict[str, str]:
    """Return the files that read differently under other names, and how."""
    old = present(read)
    found = {}
    for path, change in _PLACES.items():
        text = read(path)
        if text is not None and (changed := change(text, old, new)) != text:
            found[path] = changed
    return found


def _pyproject(text: str, old: Names, new: Names) -> str:
    text = text.replace(f'\nname = "{old.name}"\n', f'\nname = "{new.name}"\n', 1)
    return text.replace(f'\ndescription = "{old.description}"\n', f'\ndescription = "{new.description}"\n', 1)


def _lock(text: str, old: Names, new: Names) -> str:
    # `uv lock` would do the same, and ask every index for all packages.
    head, *packages = text.split("\n[[package]]\n")
    root = f'name = "{old.name}"\n'
    packages = [package.replace(root, f'name = "{new.name}"\n', 1) for package in packages]
    return "\n[[package]]\n".join([head, *sorted((p.rstrip("\n") + "\n" for p in packages), key=_name_and_version)])


def _name_and_version(package: str) -> tuple[str, int]:
    # uv sorts by name; several versions of a package keep their order.
    return package.partition("\n")[0], 0


def _settings(text: str, _old: Names, new: Names) -> str:
    return _TITLE.sub(f'API_TITLE = "{new.title}"', text, count=1)


def _schema(text: str, old: Names, new: Names) -> str:
    return text.replace(f"\n  title: {old.title}\n", f"\n  title: {new.title}\n", 1)


def _readme(text: str, old: Names, new: Names) -> str:
    text = text.replace(f"# {old.name}\n", f"# {new.name}\n", 1)
    if old.description:
        text = text.replace(f"# {new.name}\n\n{old.description}\n", f"# {new.name}\n\n{new.description}\n", 1)
    # What stands first is replaced by what the project is; the rest is left out.
    text = _ABOUT_TEMPLATE.sub(f"{new.description}\n\n", text, count=1)
    return _ABOUT_TEMPLATE.sub("", text)


# What says who the project is comes last: after an interruption the same command completes the rest.
_PLACES: dict[str, Callable[[str, Names, Names], str]] = {
    README: _readme,
    SCHEMA: _schema,
    LOCK: _lock,
    SETTINGS: _settings,
    PYPROJECT: _pyproject,
}
