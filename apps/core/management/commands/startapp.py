"""Make an app in the house's style, registered and green; in place of Django's own."""

import re
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.core.management.templates import TemplateCommand

from apps.core.management.app_registration import REGISTRATIONS, registered

_TEMPLATES = Path(__file__).parents[1] / "app_template"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MODEL = re.compile(r"[A-Z][A-Za-z0-9]*")
_FULL = "Make it yours before its migration is applied"
_MINIMAL = "Then a model, and what else it needs"
# Table and constraint names are at most 63 bytes.
_LONGEST = 40


class Command(BaseCommand):
    help = "Make an app in apps/ with a model, service, API, tasks, admin and tests, and register it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the app, in the plural: invoices")
        parser.add_argument("--model", default="", help="its model (Invoice)")
        parser.add_argument("--minimal", action="store_true", help="an empty app: models, migrations, tests")

    def handle(self, *args: Any, name: str, model: str, minimal: bool, **options: Any) -> None:
        model = model or _camel_case(_singular(name))
        _require_free(name, model)
        changes = registered(settings.BASE_DIR, REGISTRATIONS[:1] if minimal else REGISTRATIONS, _words(name, model))
        made = settings.BASE_DIR / "apps" / name
        with tempfile.TemporaryDirectory(prefix=".startapp-", dir=made.parent) as directory:
            render(name, model, Path(directory), template="minimal" if minimal else "full").rename(made)
        for path, text in changes.items():
            path.write_text(text)
            _format(path)
        self.stdout.write(f"made apps/{name}, and registered it in {', '.join(_relative(changes))}")
        if not minimal:
            _write_schema()
            self.stdout.write("wrote docs/openapi.yml")
        self.stdout.write(f"Next: just check && just test. {_MINIMAL if minimal else _FULL}: docs/new-app.md")


def render(name: str, model: str, directory: Path, *, template: str = "full") -> Path:
    """Write the app's files into a directory of its name below this one; return that."""
    made = directory / name
    made.mkdir()
    options = {"template": str(_TEMPLATES / template), "extensions": ["py"], "files": [], "exclude": None}
    TemplateCommand().handle("app", name, str(made), **options, **_words(name, model), verbosity=0)
    _format(made)
    return made


def _require_free(name: str, model: str) -> None:
    """Raise CommandError for a name that no app can have, or that something else has."""
    hint = "Nothing was written. An example: just startapp invoices"
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise CommandError(
            f"{name!r} cannot be the name of an app: small letters, digits and single underscores, the first one a"
            f" letter, at most {_LONGEST}. {hint}"
        )
    if not _MODEL.fullmatch(model) or len(model) > _LONGEST or model in ("None", "True", "False"):
        raise CommandError(f"{model!r} cannot be the name of a model: letters and digits, like Invoice. {hint}")
    if (settings.BASE_DIR / "apps" / name).exists():
        raise CommandError(f"apps/{name} is there already, and was left as it is. Choose another name.")
    if any(config.label == name for config in apps.get_app_configs()):
        raise CommandError(f"an installed app is called {name}. {hint}")


def _words(name: str, model: str) -> dict[str, str]:
    """Return the words of the templates: of the plural and of one, in code, in routes and for people."""
    singular = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model).lower()
    return {
        "app_name": name,
        "model": model,
        "singular": singular,
        "lower_model": model.lower(),
        "basename": singular.replace("_", "-"),
        "route": name.replace("_", "-"),
        "words": name.replace("_", " "),
        "words_singular": singular.replace("_", " "),
    }


def _camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _singular(name: str) -> str:
    """Return the singular, by the regular rules of English; --model says it where they are wrong."""
    if re.search(r"[^aeiou]ies$", name):
        return f"{name[:-3]}y"
    if re.search(r"(ss|x|ch|sh)es$", name):
        return name[:-2]
    return name[:-1] if re.search(r"[^s]s$", name) else name


def _format(path: Path) -> None:
    """Sort the imports and break the lines: both depend on the name."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if not ruff:
        raise CommandError("there is no ruff, which formats the app. Nothing was written. Type: just startapp …")
    for words in (["check", "--quiet", "--fix", "--select=I"], ["format", "--quiet"]):
        done = subprocess.run([ruff, *words, path], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise CommandError(f"ruff {words[0]} failed. Nothing was written. {done.stderr or done.stdout}")


def _write_schema() -> None:
    command = [sys.executable, "manage.py", "spectacular", "--fail-on-warn", "--file", "docs/openapi.yml"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CommandError(f"The app is there, but its schema could not be written: {done.stderr}. Type: just schema")


def _relative(paths: dict[Path, str]) -> list[str]:
    return [str(path.relative_to(settings.BASE_DIR)) for path in paths]
