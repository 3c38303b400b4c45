"""What .env may look like, and what is said of lines that nobody understands: a number and a reason, never a value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from checkout import dotenv, paths
from conf.env import read_env


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("NAME=plain # a comment", "plain"),
        ("NAME=a#b", "a#b"),
        ("NAME='single # quoted'", "single # quoted"),
        ('NAME="double # quoted" # a comment', "double # quoted"),
        ("export NAME=exported", "exported"),
        ("NAME = spaced ", "spaced"),
        ("NAME=$abc", "$abc"),
        ("NAME=${HOME}", "${HOME}"),
        ("NAME=", ""),
        ("NAME=é", "é"),
        ("NAME=a=b", "a=b"),
    ],
)
def test_values_are_understood_as_other_tools_do(env_file: Path, line: str, value: str) -> None:
    env_file.write_text(f"# first\n\n{line}\r\n")

    assert dotenv.read(env_file) == {"NAME": dotenv.Line(value, 3)}


def test_a_byte_order_mark_is_no_part_of_the_first_name(env_file: Path) -> None:
    env_file.write_bytes(b"\xef\xbb\xbfNAME=value\n")

    assert dotenv.read(env_file)["NAME"].value == "value"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf_16_is_refused_by_its_name(env_file: Path, encoding: str) -> None:
    env_file.write_text("SECRET_KEY=hunter2\n", encoding=encoding)

    with pytest.raises(ImproperlyConfigured, match=r"line 1.*not UTF-8.*Save it as UTF-8"):
        read_env(env_file)


def test_latin_1_is_refused_with_the_line(env_file: Path) -> None:
    env_file.write_text("NAME=value\n\nSECRET_KEY=hünter2\n", encoding="latin-1")

    with pytest.raises(ImproperlyConfigured, match="line 3: not UTF-8") as refused:
        read_env(env_file)

    assert "nter2" not in str(refused.value)


@pytest.mark.parametrize("line", ['NAME="hunter2', "NAME='hunter2' more", "hunter2", "export", "2NAME=hunter2"])
def test_what_is_no_line_is_named_by_its_number(env_file: Path, line: str) -> None:
    env_file.write_text(f"A=1\n\n\n# comment\n{line}\n")

    with pytest.raises(ImproperlyConfigured, match="line 5") as refused:
        read_env(env_file)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["STATE_DIR", "POSTGRES_BIN", "UV_PROJECT_ENVIRONMENT"])
def test_what_counts_in_the_environment_alone_is_refused(env_file: Path, name: str) -> None:
    env_file.write_text(f"A=1\n{name}=/elsewhere\n")

    with pytest.raises(ImproperlyConfigured, match=f"line 2: {name} counts in the environment alone.*export {name}"):
        read_env(env_file)


def test_reading_it_writes_nothing_into_the_environment(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    env_file.write_text("LOG_LEVEL=DEBUG\n")
    assert read_env(env_file).str("LOG_LEVEL") == "DEBUG"

    env_file.write_text("LOG_LEVEL=ERROR\n")

    assert read_env(env_file).str("LOG_LEVEL") == "ERROR"


def test_the_environment_wins(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    env_file.write_text("LOG_LEVEL=DEBUG\n")

    assert read_env(env_file).str("LOG_LEVEL") == "ERROR"


@pytest.mark.parametrize(("word", "value"), [("True", True), ("on", True), ("1", True), ("NO", False), ("0", False)])
def test_words_for_true_and_false(env_file: Path, word: str, value: bool) -> None:
    env_file.write_text(f"SOME_FLAG={word} # as people write it\n")

    assert read_env(env_file).bool("SOME_FLAG", default=not value) is value


@pytest.mark.parametrize(
    ("cast", "value", "said"),
    [
        ("bool", "treu", "not True or False"),
        ("bool", "maybe", "not True or False"),
        ("int", "5OO", "not a whole number"),
        ("dict", "login", "not a list of name=value"),
        ("email_url", "smtp://u:hunter2/x@mail:25", "not a URL"),
    ],
)
def test_a_value_that_is_not_understood_is_an_error_with_its_line(
    env_file: Path, cast: str, value: str, said: str
) -> None:
    env_file.write_text(f"A=1\nSOME_NAME={value}\n")

    with pytest.raises(ImproperlyConfigured, match=rf"\.env, line 2: SOME_NAME: {said}") as refused:
        getattr(read_env(env_file), cast)("SOME_NAME", default=None)

    assert value not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_value_of_the_environment_that_is_not_understood_says_where_it_is(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_FLAG", "release")

    with pytest.raises(ImproperlyConfigured, match="SOME_FLAG in the environment: not True or False"):
        read_env(env_file).bool("SOME_FLAG", default=False)


def test_an_empty_value_counts_as_none_and_items_lose_their_blanks(env_file: Path) -> None:
    env_file.write_text("SOME_NUMBER=\nSOME_LIST=a.example.com, b.example.com\n")

    env = read_env(env_file)

    assert env.int("SOME_NUMBER", default=7) == 7
    assert env.list("SOME_LIST", default=[]) == ["a.example.com", "b.example.com"]


def test_a_command_says_in_one_line_which_setting_is_not_understood() -> None:
    environment = os.environ | {"TASK_TIME_LIMIT": "hunter2", "DJANGO_SETTINGS_MODULE": "another.settings"}
    command = [sys.executable, "manage.py", "check"]

    done = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "error: TASK_TIME_LIMIT in the environment: not a whole number. Correct it.\n"
