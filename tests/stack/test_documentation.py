"""The commands that the documents show, run as they stand there; and the site that is built of them."""

import subprocess
from collections.abc import Callable

import pytest

from tests.harness import documents
from tests.harness.checkout import Checkout

pytestmark = pytest.mark.long

BLOCKS = [block for block in documents.blocks() if not block.reason]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.file}: {block.text.split(chr(10))[0][:40]}")
def test_what_a_document_shows_can_be_typed(stack: Checkout, block: documents.Block) -> None:
    done = subprocess.run(
        ["sh", "-e", "-c", block.text],
        cwd=stack.path,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


def test_the_site_is_built_without_a_warning_and_can_be_searched(make_checkout: Callable[..., Checkout]) -> None:
    checkout = make_checkout()
    checkout.just("docs")
    site = checkout.state / "docs/site"
    assert "Take later changes of the template" in (site / "docs/template.html").read_text()
    assert "TASK_LEASES" in (site / "docs/settings.html").read_text()
    assert "startapp" in (site / "docs/recipes.html").read_text()
    assert "idempot" in (site / "searchindex.js").read_text()
