"""What the stack reads from the environment and .env, and the .env that it writes."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from conf.env import read_env
from stack.errors import StackError
from stack.settings import environment


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text("# A comment\nSECRET_KEY=\nDEBUG=true\n")
    return tmp_path / ".env"


def test_the_written_env_file_has_a_fresh_secret_and_the_example_s_other_lines(example: Path) -> None:
    environment.write_dotenv(example)

    comment, secret, debug = example.read_text().splitlines()
    assert (comment, debug) == ("# A comment", "DEBUG=true")
    assert len(secret.removeprefix("SECRET_KEY=")) >= 50
    assert example.stat().st_mode & 0o777 == 0o600


def test_an_env_file_that_exists_is_left_alone(example: Path) -> None:
    example.write_text("DEBUG=false\n")

    environment.write_dotenv(example)

    assert example.read_text() == "DEBUG=false\n"


@pytest.mark.parametrize("line", ["hunter2", "A B=1", "=x", "PASS WORD=hunter2", "1A=hunter2"])
def test_a_broken_line_is_named_by_its_number_without_its_content(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"# first\n\n{line}\n")

    with pytest.raises(ImproperlyConfigured, match="line 3") as raised:
        read_env(path)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("port", ["eight", "65536", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)

    with pytest.raises(StackError, match="PORT"):
        environment.read()
