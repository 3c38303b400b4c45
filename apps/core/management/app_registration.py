"""Where an app is named outside its folder: collections in conf/project/, each of which gets an entry."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django.core.management import CommandError


class Registration(NamedTuple):
    """An entry of a collection in a file. The entry is a format of the app's names; needs: imports of the file."""

    file: str
    collection: str
    entry: str
    needs: str = ""


REGISTRATIONS = (
    Registration("conf/project/settings.py", "APPS", '"apps.{app_name}",'),
    Registration(
        "conf/project/settings.py", "API_TAGS", '{{"name": "{app_name}", "description": "One\'s own {words}"}},'
    ),
    Registration(
        "conf/project/urls.py",
        "v1",
        'path("", include("apps.{app_name}.urls")),',
        "from django.urls import URLPattern, URLResolver, include, path",
    ),
    Registration("conf/project/celery.py", "task_routes", '"apps.{app_name}.tasks.send_*": {{"queue": "mail"}},'),
    Registration(
        "conf/project/celery.py",
        "beat_schedule",
        '"Remind of open {words}": {{"task": "apps.{app_name}.tasks.remind_owners", "schedule": timedelta(hours=1)}},',
        "from datetime import timedelta",
    ),
)


def registered(root: Path, registrations: Sequence[Registration], names: Mapping[str, str]) -> dict[Path, str]:
    """Return how the files read with the entries. Raises CommandError if a collection is not found."""
    texts: dict[Path, str] = {}
    for registration in registrations:
        path = root / registration.file
        text = texts.get(path) or path.read_text()
        entry = registration.entry.format_map(names)
        texts[path] = _with_import(_with_entry(text, registration, entry), registration.needs)
    return texts


def _with_entry(text: str, registration: Registration, entry: str) -> str:
    """Insert the entry before the bracket that ends the collection."""
    found = re.search(
        rf"^{registration.collection}\b[^\n]*[\[{{(]\n(?:[ #][^\n]*\n|\n)*(?=[\]}})])", text, re.MULTILINE
    )
    if not found:
        raise CommandError(
            f"{registration.file} has no collection {registration.collection} that begins and ends on lines of its own."
            f" Nothing was written. Restore it, as in: git log -p {registration.file}"
        )
    return f"{text[: found.end()]}    {entry}\n{text[found.end() :]}"


def _with_import(text: str, line: str) -> str:
    """Add an import, in place of a shorter one of the same module, or after the docstring; ruff sorts no files here."""
    if not line or line in text:
        return text
    module = line.partition(" import ")[0]
    shorter = re.search(rf"^{re.escape(module)} import [^\n]*$", text, re.MULTILINE)
    if shorter:
        names = {name.strip() for found in (shorter[0], line) for name in found.partition(" import ")[2].split(",")}
        merged = f"{module} import {', '.join(sorted(names, key=lambda name: (name.islower(), name)))}"
        return text.replace(shorter[0], merged, 1)
    first = re.search(r"^(?:from|import) ", text, re.MULTILINE)
    position = first.start() if first else len(text)
    return f"{text[:position]}{line}\n{text[position:]}"
