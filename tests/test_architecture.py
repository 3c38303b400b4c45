"""The rooms of the code: how large they may be, and that the drawing of them is true."""

from checkout.paths import ROOT
from tests.harness.architecture import PAGE, drawing, page_with

# Django's own names, which every app has.
CONVENTIONAL = {"tests", "migrations", "templates", "management", "__pycache__", "__init__.py"}


def test_the_drawing_of_the_architecture_is_that_of_the_code() -> None:
    page = PAGE.read_text()
    assert page == page_with(drawing(), page), "To draw it again: just architecture"


def test_no_room_has_more_than_14_entries() -> None:
    rooms = [path for name in ("apps/core", "stack", "conf") for path in (ROOT / name).iterdir() if path.is_dir()]
    for room in [ROOT / "checkout", *(found for found in rooms if found.name not in CONVENTIONAL)]:
        entries = sorted({path.name for path in room.iterdir()} - CONVENTIONAL)
        assert len(entries) <= 14, f"{room}: {entries}"
