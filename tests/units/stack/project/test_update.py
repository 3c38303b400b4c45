"""Later changes of a template, merged by Git into a product: small repositories, of the files that matter alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

from checkout import paths
from stack.errors import StackError
from stack.project import names, record, update

PYPROJECT = '[project]\nname = "old"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [\n]\n'
WRITTEN = "docs/architecture.md"


def git(directory: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    command = ["git", *who, *words]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True).stdout.strip()


def commit(directory: Path, **files: str | None) -> str:
    """Write or delete files, by their path with __ for /, and commit."""
    for name, text in files.items():
        file = directory / name.replace("__", "/").replace("_toml", ".toml").replace("_md", ".md")
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "--message=Change")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    made = tmp_path / "template"
    made.mkdir()
    git(made, "init", "--quiet", "--initial-branch=trunk")
    uv = shutil.which("uv")
    assert uv
    (made / "pyproject.toml").write_text(PYPROJECT)
    subprocess.run([uv, "lock", "--quiet", "--offline"], cwd=made, check=True)
    commit(made, docs__architecture_md="one\n", file="one\n")
    return made


@pytest.fixture
def product(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone that had a commit of its own before it was named."""
    made = tmp_path / "product"
    git(tmp_path, "clone", "--quiet", str(template), str(made))
    for name, value in (("name", "Ada"), ("email", "ada@example.com")):
        git(made, "config", f"user.{name}", value)
    monkeypatch.setattr(paths, "ROOT", made)
    monkeypatch.setattr(paths, "STATE", tmp_path)
    own = commit(made, mine="mine\n")
    changed = names.renamed(update.git.working_tree, names.chosen("acme"))
    for path, text in changed.items():
        (made / path).write_text(text)
    commit(made, template_toml=record.Record("old", str(template), own).text())
    return made


def recorded(product: Path) -> str:
    return git(product, "show", "HEAD:template.toml")


def test_a_clone_with_commits_before_its_name_is_updated_from_where_it_left(template: Path, product: Path) -> None:
    newest = commit(template, file="two\n")
    assert update.update() == 0
    assert (product / "file").read_text() == "two\n"
    assert newest in recorded(product)


def test_an_older_commit_of_the_template_changes_nothing(
    template: Path, product: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = git(template, "rev-parse", "HEAD")
    commit(template, file="two\n")
    assert update.update() == 0
    before = git(product, "rev-parse", "HEAD")
    assert update.update(older) == 0
    assert "already; nothing was changed" in capsys.readouterr().out
    assert git(product, "rev-parse", "HEAD") == before


def test_what_a_recipe_writes_stays_deleted(template: Path, product: Path) -> None:
    commit(product, docs__architecture_md=None)
    commit(template, docs__architecture_md="two\n", file="two\n")
    assert update.update() == 0
    assert not (product / WRITTEN).exists()
    assert git(product, "status", "--porcelain") == ""


def test_a_hook_does_not_stop_a_merge_in_between(template: Path, product: Path) -> None:
    hook = product / ".git/hooks/pre-commit"
    commit(product, docs__architecture_md="mine\n")
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    commit(template, docs__architecture_md="two\n", file="two\n")
    assert update.update() == 0
    assert git(product, "status", "--porcelain") == ""
    assert (product / WRITTEN).read_text() == "mine\n"


def test_dependencies_of_both_leave_no_marks_in_the_lock(
    template: Path, product: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for directory, package in ((template, "theirs"), (product, "ours")):
        for name, line in (("pyproject.toml", f'    "{package}",\n]'), ("uv.lock", f'# {package}\nversion = "1"')):
            text = (directory / name).read_text()
            before = {"pyproject.toml": "]", "uv.lock": 'version = "1"'}[name]
            head, found, rest = text.rpartition(before)
            assert found
            (directory / name).write_text(f"{head}{line}{rest}")
        commit(directory)
    assert update.update() == 1
    assert "<<<<<<<" in (product / "pyproject.toml").read_text()
    assert "<<<<<<<" not in (product / "uv.lock").read_text()
    assert "just uv lock, git add uv.lock," in capsys.readouterr().out


def test_an_update_in_between_is_to_be_finished_first(template: Path, product: Path) -> None:
    commit(product, file="mine\n")
    commit(template, file="two\n")
    assert update.update() == 1
    with pytest.raises(StackError, match="cherry-pick --continue, or --abort"):
        update.update()


def test_a_conflict_that_git_resolves_as_before_is_committed(template: Path, product: Path) -> None:
    for name in ("enabled", "autoUpdate"):
        git(product, "config", f"rerere.{name}", "true")
    before = commit(product, file="mine\n")
    commit(template, file="two\n")
    assert update.update() == 1
    (product / "file").write_text("both\n")
    git(product, "add", "file")
    git(product, "-c", "core.editor=true", "cherry-pick", "--continue")
    git(product, "reset", "--quiet", "--hard", before)

    assert update.update() == 0
    assert git(product, "status", "--porcelain") == ""
    assert git(product, "show", "HEAD:file") == "both"


def test_a_directory_is_no_file_of_ones_own(template: Path, product: Path) -> None:
    own = record.Record("old", str(template), git(template, "rev-parse", "HEAD"), ("docs",))
    commit(product, template_toml=own.text())
    commit(template, file="two\n")
    with pytest.raises(StackError, match="docs is a directory"):
        update.update()
