"""Where the project's name stands, and how the files read with another one."""

import subprocess
import tomllib

import pytest

from checkout import paths
from stack import git
from stack.errors import StackError
from stack.project import names, record

ACME = names.chosen("acme-billing")
OWN_AS_TEXT = 'name = "a"\nrepository = "b"\ncommit = "c"\nown = "README.md"\n'


def files_with_other_names() -> dict[str, str]:
    return names.renamed(git.working_tree, ACME)


def test_the_title_comes_from_the_name() -> None:
    assert ACME.title == "Acme Billing API"


@pytest.mark.parametrize(
    "name", ["", "Acme", "9lives", "acme_billing", "acme-", "-acme", "a--b", "acme billing", "a" * 61]
)
def test_a_name_that_no_project_can_have_is_refused(name: str) -> None:
    with pytest.raises(StackError, match="Nothing was changed"):
        names.chosen(name)


@pytest.mark.parametrize(
    "title", ['say "hello"', "a\nb", "back\\slash", "a: b", "a # b", "7", "x" * 99, "No", "null", "Acme "]
)
def test_a_title_that_would_break_a_file_is_refused(title: str) -> None:
    with pytest.raises(StackError, match="Nothing was changed"):
        names.chosen("acme", title)


@pytest.mark.parametrize("description", ['"', "\\", "a\nb", "bell\x07", "del\x7f", "tab\t"])
def test_a_description_that_would_break_a_file_is_refused(description: str) -> None:
    with pytest.raises(StackError, match="Nothing was changed"):
        names.chosen("acme", description=description)


def test_a_package_that_the_project_depends_on_is_no_name() -> None:
    with pytest.raises(StackError, match="Nothing was changed"):
        names.require_no_package("django", git.working_tree)
    names.require_no_package(names.present(git.working_tree).name, git.working_tree)
    names.require_no_package("acme-billing", git.working_tree)


def test_what_was_chosen_before_stays() -> None:
    before = names.chosen("acme", "Bills", "Bills for all.")
    assert names.chosen("beta", before=before) == names.Names("beta", "Bills", "Bills for all.")
    assert names.chosen("beta", before=names.chosen("acme")).title == "Beta API"
    assert names.chosen("beta", "Notes", "Notes.", before=before) == names.Names("beta", "Notes", "Notes.")


def test_the_readme_of_a_named_project_gets_its_new_description() -> None:
    before, after = names.chosen("acme", description="Bills."), names.chosen("beta", description="Notes.")
    assert names._readme("# acme\n\nBills.\n\nBills.\n", before, after) == "# beta\n\nNotes.\n\nBills.\n"


def test_only_the_licence_has_the_old_name_afterwards() -> None:
    if record.read(git.working_tree):
        pytest.skip("this project has its own name already")
    old = names.present(git.working_tree)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    changed = files_with_other_names()
    left = {}
    for path in filter(None, listed):
        file = paths.ROOT / path
        text = changed.get(path) or (file.read_text(errors="replace") if file.is_file() else "")
        if old.name in text.lower() or old.title.lower() in text.lower():
            left[path] = text
    assert set(left) <= {"LICENSE"}


def test_the_files_can_be_read_as_before() -> None:
    changed = {name: files_with_other_names().get(name) or git.working_tree(name) or "" for name in names._PLACES}
    project = tomllib.loads(changed["pyproject.toml"])["project"]
    assert (project["name"], project["description"]) == (ACME.name, ACME.description)
    locked, before = (tomllib.loads(text) for text in (changed["uv.lock"], (paths.ROOT / "uv.lock").read_text()))
    assert len(locked["package"]) == len(before["package"])
    assert [package["name"] for package in locked["package"]] == sorted(p["name"] for p in locked["package"])
    root = next(package for package in locked["package"] if package["name"] == ACME.name)
    assert root["source"] == {"virtual": "."}


def test_the_readme_begins_with_the_project_and_says_nothing_about_the_template() -> None:
    readme = names._readme(
        "# old\n\n<!-- template -->\nA template.\n\n<!-- /template -->\n\n```sh\n```\n\n"
        "<!-- template -->\n## Make it yours\n\n<!-- /template -->\n## More\n",
        names.Names("old", "", ""),
        ACME,
    )
    assert readme == f"# acme-billing\n\n{ACME.description}\n\n```sh\n```\n\n## More\n"


def test_a_second_time_changes_nothing() -> None:
    changed = files_with_other_names()
    assert not names.renamed(lambda path: changed.get(path) or git.working_tree(path), ACME)


def test_what_is_recorded_is_read_again() -> None:
    written = record.Record("old", "https://example.com/old.git", "0" * 40)
    assert record.read(lambda _: written.at("1" * 40).text()) == written.at("1" * 40)


@pytest.mark.parametrize("text", ["name =", 'name = "a"', "own = 1", OWN_AS_TEXT])
def test_a_record_that_cannot_be_read_is_an_error_with_a_way_out(text: str) -> None:
    with pytest.raises(StackError, match="git log"):
        record.read(lambda _: text)
