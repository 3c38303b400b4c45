"""The audit that follows every run finds what it looks for."""

from pathlib import Path

from tests.harness.log_audit import _used, audit, broken, held


def test_a_secret_in_a_line_is_found(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text('{"event": "logged in with engine-no-1842"}\n')
    assert held(file, {"engine-no-1842", "another-password"}) == ["engine-no-1842"]


def test_a_line_that_is_no_record_is_found(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text('{"event": "well"}\nTraceback (most recent call last):\n"text"\n')
    assert broken(file) == ["Traceback (most recent call last):", '"text"']


def test_passwords_and_tokens_of_the_tests_are_noted(db: None) -> None:
    from knox.models import get_token_model  # noqa: PLC0415

    from apps.core.tests.helpers import make_user  # noqa: PLC0415 - needs Django

    _, token = get_token_model().objects.create(user=make_user())
    assert {token, "engine-no-1842"} <= _used


def test_the_lines_of_this_run_are_well_so_far() -> None:
    assert audit() == []
