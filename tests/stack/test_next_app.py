"""`just startapp`: apps that pass the checks, their own tests and those of the template without an edit."""

from collections.abc import Callable

import pytest

from tests.harness.checkout import Checkout

pytestmark = pytest.mark.long

# Those of the template that look at all that there is: routes, tasks, schedules, tables, models, settings, imports.
LOOKING_AT_ALL = (
    "apps/specimens",
    "apps/specimen_boxes",
    "apps/specimen_notes",
    "apps/core/tests/api",
    "apps/core/tests/background",
    "apps/core/tests/checks",
    "apps/core/tests/test_startapp_command.py",
    "tests/test_api_contract.py",
    "tests/test_import_contracts.py",
    "tests/test_costs.py",
    "tests/units/harness/test_database.py",
)


@pytest.fixture(scope="module")
def product(make_started: Callable[..., Checkout]) -> Checkout:
    checkout = make_started()
    checkout.just("startapp", "specimens")
    checkout.just("startapp", "specimen_boxes", "--model", "StorageBox")
    checkout.just("startapp", "specimen_notes", "--minimal")
    return checkout


def test_new_apps_pass_the_checks(product: Checkout) -> None:
    product.just("check")


def test_new_apps_pass_their_own_tests_and_no_test_of_the_template_needs_an_edit(product: Checkout) -> None:
    assert " passed" in product.just("test", "-q", *LOOKING_AT_ALL).stdout
    assert " passed" in product.just("test", "-q", "tests/test_hostile_walk.py", "-k", "specimen").stdout


def test_new_apps_keep_what_their_schema_promises(product: Checkout) -> None:
    product.just("fuzz", "--examples", "1")
    figures = (product.state / "fuzz/user.json").read_text()
    assert "POST /api/v1/specimens/" in figures
    assert "POST /api/v1/specimen-boxes/" in figures


def test_a_name_that_is_taken_is_refused_and_nothing_is_written(product: Checkout) -> None:
    before = (product.path / "conf/project/settings.py").read_text()
    for name, said in (
        ("specimens", "is there already"),
        ("users", "is there already"),
        ("auth", "is called"),
        ("9", "name"),
    ):
        refused = product.just("startapp", name, check=False)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert (product.path / "conf/project/settings.py").read_text() == before
    assert not list((product.path / "apps").glob(".startapp-*"))
