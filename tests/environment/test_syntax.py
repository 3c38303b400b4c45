from pathlib import Path

import pytest

from tests.harness.syntax import FILES, errors, report


def test_the_files_of_the_environment_have_no_syntax_error() -> None:
    assert {"flake.nix", "flake.lock", "devcontainer.json", "launch.json"} <= {path.name for path in FILES}
    assert report(FILES) is None


def test_a_syntax_error_in_nix_is_found_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.nix").write_text("{\n  a = 1;\n  b = [ 2 ;\n}\n")
    assert any(error.endswith("broken.nix:3: syntax error") for error in errors(tmp_path / "broken.nix"))


def test_a_missing_semicolon_in_nix_is_found(tmp_path: Path) -> None:
    (tmp_path / "broken.nix").write_text("{ a = 1; b = 2 }\n")
    assert errors(tmp_path / "broken.nix")


@pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": 1 "b": 2}', "{", ""])
def test_a_syntax_error_in_json_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.json").write_text(text)
    assert errors(tmp_path / "broken.json")


def test_comments_in_json_keep_the_line_numbers_and_addresses_are_none(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{\n  // why\n  "a": "https://example.com"\n}\n')
    assert errors(tmp_path / "settings.json") == []
    (tmp_path / "broken.json").write_text('{\n  // why\n  "a" 1\n}\n')
    assert "line 3" in errors(tmp_path / "broken.json")[0]
