"""A project of the template: named, with an app of its own, and later changes of the template merged by Git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.checkout import Checkout

pytestmark = pytest.mark.long

WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(checkout: Checkout, *words: str) -> str:
    return checkout.run("git", *WHO, *words).strip()


def commit(checkout: Checkout, message: str, **changes: tuple[str, str]) -> str:
    """Replace a text in files, by their path with __ for /, and commit."""
    for name, (before, after) in changes.items():
        edit(checkout.path / name.replace("__", "/"), before, after)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--no-verify", f"--message={message}")
    return git(checkout, "rev-parse", "HEAD")


def edit(file: Path, before: str, after: str) -> None:
    # A suffix is not part of a keyword.
    file = next(
        found for found in (file, *(file.with_suffix(end) for end in (".py", ".toml", ".md"))) if found.is_file()
    )
    text = file.read_text()
    assert before in text, f"{file} has changed: correct this test"
    file.write_text(text.replace(before, after, 1))


def as_template(checkout: Checkout) -> Checkout:
    """Make a template of the checkout: these tests also run in products."""
    (checkout.path / "template.toml").unlink(missing_ok=True)
    return checkout


@pytest.fixture
def template(make_checkout: Callable[..., Checkout]) -> Checkout:
    checkout = as_template(make_checkout("template"))
    git(checkout, "init", "--quiet", "--initial-branch=main")
    commit(checkout, "The template")
    return checkout


@pytest.fixture
def product(make_checkout: Callable[..., Checkout], template: Checkout) -> Checkout:
    """Return a clone of the template with a name and an app of its own."""
    checkout = as_template(make_checkout("product"))
    git(checkout, "init", "--quiet", "--initial-branch=main")
    git(checkout, "config", "user.name", "Ada")
    git(checkout, "config", "user.email", "ada@example.com")
    git(checkout, "remote", "add", "template", str(template.path))
    git(checkout, "fetch", "--quiet", "template")
    git(checkout, "reset", "--quiet", "--hard", "template/main")
    checkout.just("rename", "trial-product", "--yes")
    checkout.just("startapp", "specimens")
    commit(checkout, "A product")
    return checkout


def change_the_template(template: Checkout) -> str:
    return commit(
        template,
        "Wait longer, and serve longer pages",
        stack__programs__waiting=("every 100 ms", "each 100 ms"),
        conf__settings__api=('"PAGE_SIZE": 50', '"PAGE_SIZE": 40'),
        README=("\n", "\nThree ways in.\n"),
    )


def test_changes_of_the_stack_and_of_a_setting_merge_by_themselves(template: Checkout, product: Checkout) -> None:
    newest = change_the_template(template)
    readme = (product.path / "README.md").read_text()

    said = product.just("update-template").stdout

    assert "Wait longer, and serve longer pages" in said
    assert "each 100 ms" in (product.path / "stack/programs/waiting.py").read_text()
    assert '"PAGE_SIZE": 40' in (product.path / "conf/settings/api.py").read_text()
    assert newest in (product.path / "template.toml").read_text()
    assert (product.path / "README.md").read_text() == readme
    assert 'name = "trial-product"' in (product.path / "pyproject.toml").read_text()
    assert "apps.specimens" in (product.path / "conf/project/settings.py").read_text()
    assert git(product, "status", "--porcelain") == ""
    assert "nothing was changed" in product.just("update-template").stdout


def test_a_line_that_both_changed_is_a_conflict_as_git_shows_it(template: Checkout, product: Checkout) -> None:
    commit(product, "Longer pages", conf__settings__api=('"PAGE_SIZE": 50', '"PAGE_SIZE": 99'))
    before = git(product, "rev-parse", "HEAD")
    change_the_template(template)

    done = product.just("update-template", check=False)

    assert (done.returncode, "conf/settings/api.py" in done.stdout) == (1, True)
    assert "<<<<<<<" in (product.path / "conf/settings/api.py").read_text()
    assert git(product, "rev-parse", "HEAD") == before
    git(product, "cherry-pick", "--abort")
    assert git(product, "status", "--porcelain") == ""

    product.just("update-template", check=False)
    edit_conflict(product.path / "conf/settings/api.py")
    git(product, "add", "conf/settings/api.py")
    git(product, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert "nothing was changed" in product.just("update-template").stdout


def edit_conflict(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    start, middle, end = (
        next(i for i, line in enumerate(lines) if line.startswith(mark)) for mark in ("<<<", "===", ">>>")
    )
    file.write_text("".join(lines[:start] + lines[start + 1 : middle] + lines[end + 1 :]))


def test_what_recipes_write_is_no_conflict(template: Checkout, product: Checkout) -> None:
    # Both change the same line of the schema.
    for checkout, version in ((template, "1.0.1"), (product, "2.0.0")):
        file = checkout.path / "docs/openapi.yml"
        file.write_text(file.read_text().replace("version: 1.0.0", f"version: {version}", 1))
        commit(checkout, "Another version")
    product.just("update-template")
    assert "version: 2.0.0" in (product.path / "docs/openapi.yml").read_text()
    assert git(product, "status", "--porcelain") == ""


def test_a_repository_that_starts_with_a_copy_finds_its_commit_by_its_files(
    template: Checkout, make_checkout: Callable[..., Checkout]
) -> None:
    product = as_template(make_checkout("button"))
    git(product, "init", "--quiet")
    git(product, "config", "user.name", "Ada")
    git(product, "config", "user.email", "ada@example.com")
    # Nix copies no executable bits.
    (product.path / "manage.py").chmod(0o644)
    commit(product, "Initial commit")
    git(product, "remote", "add", "origin", "https://example.com/acme.git")
    product.just("rename", "trial", "--yes")
    commit(product, "A name")
    assert 'repository = ""' in (product.path / "template.toml").read_text()
    refused = product.just("update-template", check=False)
    assert "--from URL" in refused.stderr

    change_the_template(template)
    product.just("update-template", "--from", str(template.path))
    assert '"PAGE_SIZE": 40' in (product.path / "conf/settings/api.py").read_text()


def test_nothing_is_merged_over_changes_that_are_not_committed(template: Checkout, product: Checkout) -> None:
    change_the_template(template)
    edit(product.path / "conf/settings/api.py", '"PAGE_SIZE": 50', '"PAGE_SIZE": 7')
    refused = product.just("update-template", check=False)
    assert (refused.returncode, "not committed" in refused.stderr) == (1, True)
    assert '"PAGE_SIZE": 7' in (product.path / "conf/settings/api.py").read_text()


def test_the_template_itself_has_nothing_to_update(template: Checkout) -> None:
    assert "just rename NAME" in template.just("update-template", check=False).stderr


def test_rename_shows_changes_and_asks_and_does_neither_while_the_stack_runs(
    make_checkout: Callable[..., Checkout],
) -> None:
    checkout = as_template(make_checkout())
    git(checkout, "init", "--quiet")
    commit(checkout, "All")
    assert "Trial API" in checkout.just("rename", "trial", "--dry-run").stdout
    assert "--yes" in checkout.just("rename", "trial", check=False).stderr
    checkout.just("up")
    refused = checkout.just("rename", "trial", "--yes", check=False)
    assert "just down" in refused.stderr
    assert git(checkout, "status", "--porcelain") == ""
    checkout.just("seed", "--users", "3")
    checkout.just("down")
    checkout.just("rename", "trial", "--yes")
    checkout.just("up")
    count = "from apps.users.models import CustomUser; print(CustomUser.objects.count())"
    assert checkout.just("manage", "shell", "--command", count).stdout.strip().endswith("3")
