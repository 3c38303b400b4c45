import json
import logging
from typing import Any

import pytest

from conf.logs.formatter import Formatter, render_json
from conf.logs.redaction import LONGEST, REDACTED, redact, redact_text

KNOX = "9f2c0e" + "0123456789abcdef" * 3 + "0123456789"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
SIGNED = "MTIz:1tGxYz:kW8bN0ZrC4mJqXvT2yHsLdPfAeUgIoKn5B7cR9w1D3E"
RESET = "cxk2j1-8a1b2c3d4e5f60718293a4b5c6d7e8f9"
HASH = "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://user:hunter2@db.example.com/app is away", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("Authorization: Bearer hunter2-hunter2", "hunter2"),
        ("sent bearer abcdefghijklmnopqrst", "abcdefghijklmnopqrst"),
        ("Basic dXNlcjpodW50ZXIyaHVudGVyMg==", "dXNlcjpodW50ZXIyaHVudGVyMg"),
        ("/reset?uid=1&token=hunter2", "hunter2"),
        ('{"password": "hunter2 and more", "email": "a@b.c"}', "hunter2 and more"),
        ("{'password2': 'hunter2'}", "hunter2"),
        ("PASSWORD=hunter2", "hunter2"),
        ("SECRET_KEY='hunter2'", "hunter2"),
        ("Cookie: sessionid=hunter2; theme=dark", "hunter2"),
        ("api-key: hunter2", "hunter2"),
        (f"token {KNOX} was refused", KNOX),
        (f"got {JWT}", JWT),
        (f"https://app.example.com/verify/{SIGNED}", SIGNED),
        (f"https://app.example.com/reset/MQ/{RESET}", RESET),
        (f"row: (1, {HASH})", "aGFzaA"),
    ],
)
def test_a_secret_is_known_by_its_look(text: str, secret: str) -> None:
    assert secret in text
    said = redact_text(text)
    assert secret not in said
    assert REDACTED in said


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/auth/password/change/",
        "https://example.com:8000/path?page=2",
        "5ce1f9f0-1fd0-4b39-8d0c-3ba9a6f8d8e5",
        "d123383c941b4a2bba172bddfe10f19c",
        "2026-11-23T02:07:18.414414Z",
        "the token has expired",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "^api/v1/(?P<path>.*)$",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_secret_is_known_by_its_key_at_any_depth() -> None:
    value = {"a": [{"b": ({"password": "tiger", "n": 1},)}], "X-Api-Key": "tiger", "token": None, "set": {"x"}}
    said = redact(value)
    assert "tiger" not in json.dumps(said)
    assert (said["a"][0]["b"][0]["n"], said["set"], said["token"]) == (1, ["x"], None)


class Mute:
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("value", "said"),
    [(float("nan"), "nan"), (b"x", "b'x'"), (Mute(), "<Mute>"), ({("a", 1): 2}, {"('a', 1)": 2}), (True, True)],
)
def test_every_value_becomes_json(value: Any, said: Any) -> None:
    assert redact(value) == said
    json.dumps(redact(value), allow_nan=False)


def test_what_contains_itself_comes_to_an_end() -> None:
    endless: list[Any] = []
    endless.append(endless)
    json.dumps(redact(endless))


@pytest.mark.parametrize("part", ["x", "x-", "eyJa-", "x:", "token:", "token:'", "://x:", "://", "bearer ", "a1b2c3-0"])
def test_no_text_takes_long(part: str) -> None:
    # By the square of its length this would take minutes.
    for _ in range(5):
        redact_text(part * (LONGEST // len(part)))


def test_a_long_value_loses_its_middle() -> None:
    said = redact_text("a" * 100_000 + "the end")
    assert len(said) < LONGEST + 10
    assert said.endswith("the end")


@pytest.mark.parametrize(
    "key",
    [
        "passwd",
        "PWD",
        "x-token",
        "client_secret",
        "Authorization",
        "set-cookie",
        "sessionid",
        "apikey",
        "API_KEY",
        "api-key",
        "credentials",
        "DSN",
    ],
)
def test_a_line_of_the_log_hides_what_stands_under_the_key_of_a_secret(key: str) -> None:
    record = logging.makeLogRecord({"msg": "hello", key: "tiger", "nested": [{key: 1234567}]})
    line = Formatter([render_json]).format(record)
    assert json.loads(line)[key] == REDACTED
    assert ("tiger" in line, "1234567" in line) == (False, False)


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("inf"), {1, 2}, b"x", Mute(), {("a", 1): 2}, "x" * LONGEST * 2, deep()],
    ids=lambda v: type(v).__name__,
)
def test_a_line_of_the_log_is_short_json_whatever_was_logged(value: Any) -> None:
    line = Formatter([render_json]).format(logging.makeLogRecord({"msg": "hello", "value": value}))
    assert json.loads(line)["event"] == "hello"
    assert len(line) < LONGEST + 1000
