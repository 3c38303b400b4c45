"""Who may import whom, tried with copies of the code in which a new app, or a new module, does what it must not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import paths

KEPT = "0 broken"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the code, with an app that nobody has written a contract for."""
    copy = tmp_path_factory.mktemp("code")
    for name in ("apps", "checkout", "conf", "stack"):
        shutil.copytree(paths.ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(paths.ROOT / "pyproject.toml", copy)
    for name in ("new_app", "newer_app"):
        (copy / "apps" / name).mkdir()
        (copy / "apps" / name / "__init__.py").touch()
        (copy / "apps" / name / "models.py").write_text(
            "from apps.core import models\nfrom apps.users import services\n"
        )
    return copy


def said_about(code: Path, **imports: str) -> str:
    """Return what the contracts say while each of the files has one more line."""
    files = {code / name.replace("__", "/"): line for name, line in imports.items()}
    files = {path.with_suffix(".py"): line for path, line in files.items()}
    before = {path: path.read_text() if path.is_file() else None for path in files}
    for path, line in files.items():
        path.write_text(f"{before[path] or ''}\n{line}\n")
    try:
        lint = Path(sys.executable).with_name("lint-imports")
        return subprocess.run([lint, "--no-cache"], cwd=code, capture_output=True, text=True, check=False).stdout
    finally:
        for path, text in before.items():
            path.unlink() if text is None else path.write_text(text)


def test_a_new_app_may_import_core_and_users_and_another_app(code: Path) -> None:
    assert KEPT in said_about(code, apps__new_app__views="from apps.newer_app import models")


@pytest.mark.parametrize("module", ["services", "tests__helpers", "management__commands__tasks", "api__brand_new"])
def test_core_imports_no_other_app_from_anywhere(code: Path, module: str) -> None:
    said = said_about(code, **{f"apps__core__{module}": "from apps.new_app import models"})
    assert "apps.core is not allowed to import apps.new_app" in said


def test_core_does_not_import_users(code: Path) -> None:
    assert "apps.core is not allowed to import apps.users" in said_about(
        code, apps__core__health__brand_new="from apps.users import models"
    )


def test_users_imports_no_new_app(code: Path) -> None:
    said = said_about(code, apps__users__services__accounts="import apps.new_app.models")
    assert "apps.users is not allowed to import apps.new_app" in said


def test_apps_do_not_import_each_other_in_a_circle(code: Path) -> None:
    said = said_about(
        code,
        apps__new_app__views="from apps.newer_app import models",
        apps__newer_app__views="from apps.new_app import models",
    )
    assert "apps do not import each other in a circle BROKEN" in said


@pytest.mark.parametrize("module", ["conf.settings", "stack.logs"])
def test_a_new_app_knows_neither_conf_nor_stack(code: Path, module: str) -> None:
    assert f"apps is not allowed to import {module.partition('.')[0]}" in said_about(
        code, apps__new_app__views=f"import {module}"
    )


def test_stack_imports_no_new_module_of_conf_and_no_new_app(code: Path) -> None:
    said = said_about(code, conf__brand_new="", stack__commands__status="import apps.new_app.models, conf.brand_new")
    assert "stack is not allowed to import conf" in said
    assert "stack is not allowed to import apps" in said


def test_checkout_knows_nobody(code: Path) -> None:
    assert "checkout is not allowed to import conf" in said_about(code, checkout__brand_new="import conf.env")


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("api__errors", "apps.core.tasks"),
        ("background__beat", "apps.core.services"),
        ("health__components", "apps.core.observability.task_log"),
        ("throttling__rates", "apps.core.health.probe"),
        ("models", "apps.core.api.fields"),
    ],
)
def test_a_room_of_core_imports_nothing_from_those_above_it(code: Path, module: str, imported: str) -> None:
    said = said_about(code, **{f"apps__core__{module}": f"import {imported}"})
    assert "the rooms of core are layers BROKEN" in said


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("lifecycle__up_down", "stack.commands.status"),
        ("programs__table", "stack.lifecycle.startup"),
        ("settings__environment", "stack.programs.web"),
        ("console", "stack.processes.lock"),
        ("bootstrap__variables", "stack.console"),
    ],
)
def test_a_room_of_stack_imports_nothing_from_those_above_it(code: Path, module: str, imported: str) -> None:
    said = said_about(code, **{f"stack__{module}": f"import {imported}"})
    assert "the rooms of stack are layers BROKEN" in said


@pytest.mark.parametrize("package", ["apps__core", "stack"])
def test_a_module_outside_of_the_rooms_is_refused(code: Path, package: str) -> None:
    assert "are layers BROKEN" in said_about(code, **{f"{package}__brand_new": ""})
