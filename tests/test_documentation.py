"""The documents are complete, and lead somewhere. tests/stack/test_documentation.py runs what they show."""

import re
import runpy
import sys
from typing import Any

import pytest

from checkout import paths
from tests.harness import documents

SITE = paths.ROOT / "docs/site"
EXAMPLE = (paths.ROOT / ".env.example").read_text()
# Variables of the machine, not settings.
NOT_SETTINGS = {"CODESPACE_NAME", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"}


def site(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(sys, "path", [str(SITE), *sys.path])
    return runpy.run_path(str(SITE / name))


def test_every_setting_that_is_read_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "\n".join(path.read_text() for path in (paths.ROOT / "conf").rglob("*.py"))
    read = set(re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z][A-Z0-9_]+)\"", code)) - NOT_SETTINGS
    explained = {found.name: found for found in site("reference.py", monkeypatch)["settings"](EXAMPLE)}
    assert len(read) > 30
    assert read - set(explained) == set()
    assert [found.name for found in explained.values() if not (found.text and found.section)] == []


def test_a_setting_has_its_section_its_example_and_its_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    example = "# --- Mail ---\n# Where from.\n# In one line.\n# SENDER=a|b\n# Ports.\nPOSTGRES_PORT=1\nREDIS_PORT=\n"
    page = site("reference.py", monkeypatch)["settings_page"](example)
    assert "## Mail" in page
    assert "| `SENDER` | `a\\|b` | Where from. In one line. |" in page
    assert "| `POSTGRES_PORT` |  | Ports. |" in page
    assert "| `REDIS_PORT` |  | Ports. |" in page


def test_every_page_has_its_place_in_the_site() -> None:
    build = (SITE / "build.py").read_text()
    pages = {str(path.relative_to(paths.ROOT).with_suffix("")) for path in documents.documents()} - {"README"}
    assert [page for page in sorted(pages) if f'"{page}"' not in build] == []


def test_every_link_leads_somewhere() -> None:
    assert documents.broken_links() == []


def test_every_recipe_that_a_document_names_is_there() -> None:
    recipes = set(re.findall(r"^@?([a-z][a-z-]*)[^\n]*?:(?!=)", (paths.ROOT / "justfile").read_text(), re.MULTILINE))
    named = {
        name for path in documents.documents() for name in re.findall(r"`(?:\./)?just ([a-z][a-z-]*)", path.read_text())
    }
    assert named - recipes == set()


def test_what_is_not_run_says_why() -> None:
    assert all(len(block.reason) > 5 for block in documents.blocks() if block.reason)
    assert any(not block.reason for block in documents.blocks())
