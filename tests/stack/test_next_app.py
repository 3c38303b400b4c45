"""An app of a product (tests/example/invoices), put where docs/new-app.md says: nothing else needs an edit."""

import shutil
from collections.abc import Callable

import pytest

from tests.harness.checkout import ROOT, Checkout

# All that is written outside of the app's own folder: file, the line before, the new line.
EDITS = (
    ("conf/settings/__init__.py", '    "apps.users",\n', '    "apps.invoices",\n'),
    ("conf/urls.py", '    path("", include("apps.core.urls")),\n', '    path("", include("apps.invoices.urls")),\n'),
    (
        "conf/settings/celery.py",
        "beat_schedule = {\n",
        '    "Count overdue": {"task": "apps.invoices.tasks.count_overdue", "schedule": timedelta(minutes=1)},\n',
    ),
)


@pytest.fixture(scope="module")
def product(make_checkout: Callable[..., Checkout]) -> Checkout:
    checkout = make_checkout()
    shutil.copytree(ROOT / "tests/example/invoices", checkout.path / "apps/invoices")
    for name, before, line in EDITS:
        file = checkout.path / name
        text = file.read_text()
        assert text.count(before) == 1, f"{name} has changed: correct EDITS, and docs/new-app.md"
        file.write_text(text.replace(before, before + line))
    checkout.just("schema")
    return checkout


def test_a_new_app_passes_the_checks(product: Checkout) -> None:
    product.just("check")


def test_a_new_app_passes_its_own_tests_and_no_test_of_the_template_needs_an_edit(product: Checkout) -> None:
    # Those that look at all that there is: routes, tasks, schedules, tables, models, settings, imports.
    files = (
        "apps",
        *("tests/test_api_contract.py", "tests/test_import_contracts.py", "tests/units/harness/test_database.py"),
    )
    assert " passed" in product.just("test", "-q", *files).stdout
    assert " passed" in product.just("test", "-q", "tests/test_hostile_walk.py", "-k", "invoice").stdout


def test_a_new_app_keeps_what_its_schema_promises(product: Checkout) -> None:
    product.just("fuzz", "--examples", "1")
    assert "POST /api/v1/invoices/" in (product.state / "fuzz/user.json").read_text()
