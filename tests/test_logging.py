import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from conf.logging import kind_of, logging_config


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Any]:
    """The shipped configuration, on a directory of the test's own; returns kind and line of all that is stored."""
    config = logging_config(directory=tmp_path / "log", console=False)
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    logging.config.dictConfig(config)
    yield lambda: [
        (file.stem, json.loads(line))
        for file in sorted((tmp_path / "log").glob("*.log"))
        for line in file.read_text().splitlines()
    ]
    for handler in root.handlers:
        handler.close()
    root.handlers = before


@pytest.mark.parametrize(
    ("name", "level", "kind"),
    [
        ("django.security", logging.WARNING, "security"),
        ("django.security.DisallowedHost", logging.ERROR, "security"),
        ("django.securityx", logging.INFO, "app"),
        ("django.request", logging.ERROR, "error"),
        ("django.info", logging.INFO, "info"),
        ("django.info", logging.ERROR, "error"),
        ("apps.users.services", logging.INFO, "app"),
        ("celery.worker", logging.CRITICAL, "error"),
    ],
)
def test_each_line_is_stored_in_exactly_one_file(stored: Any, name: str, level: int, kind: str) -> None:
    logging.getLogger(name).log(level, "hello", extra={"n": 1})
    [(file, line)] = stored()
    assert (file, line["event"], line["n"], line["logger"]) == (kind, "hello", 1, name)
    assert kind_of(logging.LogRecord(name, level, "", 0, "", None, None)) == kind


def test_a_line_carries_the_context(stored: Any) -> None:
    with bound_contextvars(request_id="request-one"):
        logging.getLogger("apps").warning("hello %s", "you")
    [(_, line)] = stored()
    assert (line["event"], line["request_id"], line["level"]) == ("hello you", "request-one", "warning")
    assert line["timestamp"].endswith("Z")


def test_an_exception_is_one_line(stored: Any) -> None:
    try:
        int("first\nsecond")
    except ValueError as error:
        failed = error
    # Outside of except, as Django's own lines are written.
    logging.getLogger("apps").error("failed", exc_info=failed)
    [(_, line)] = stored()
    assert "Traceback" in line["exception"]
    assert "ValueError: invalid literal" in line["exception"]


def test_values_under_the_names_of_secrets_are_hidden(stored: Any) -> None:
    secrets = {"password2": "tiger", "AuthToken": "tiger", "nested": {"headers": [{"Authorization": "tiger"}]}}
    logging.getLogger("apps").info("hello", extra={**secrets, "user": "ada"})
    [(_, line)] = stored()
    assert "tiger" not in json.dumps(line)
    assert line["user"] == "ada"


def test_a_line_break_in_a_value_starts_no_line(stored: Any) -> None:
    logging.getLogger("apps").info("hello\n{}", extra={"agent": 'x\n{"event": "forged"}'})
    [(_, line)] = stored()
    assert line["agent"] == 'x\n{"event": "forged"}'


def test_a_file_that_was_rotated_away_is_begun_anew(stored: Any, tmp_path: Path) -> None:
    logging.getLogger("apps").info("before")
    (tmp_path / "log" / "app.log").rename(tmp_path / "log" / "app.log.1")
    logging.getLogger("apps").info("after")
    assert [line["event"] for _, line in stored()] == ["after"]


def test_without_a_directory_nothing_is_stored() -> None:
    assert list(logging_config(directory=None)["handlers"]) == ["console"]
