import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from structlog.contextvars import bound_contextvars

from checkout import paths
from conf.logs.configuration import kind_of, logging_config


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Any]:
    """The shipped configuration, on a directory of the test's own; returns kind and line of all that is stored."""
    config = logging_config(directory=tmp_path / "log", console=False)
    logging.config.dictConfig(config)
    yield lambda: [
        (file.stem, json.loads(line))
        for file in sorted((tmp_path / "log").glob("*.log"))
        for line in file.read_text().splitlines()
    ]
    # Anew: handlers that were set aside are written to again, and closed by nobody.
    logging.config.dictConfig(settings.LOGGING)


def formatter(name: str) -> logging.Formatter:
    configurator = logging.config.DictConfigurator(logging_config(directory=None))
    return configurator.configure_formatter(dict(configurator.config["formatters"][name]))


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


def test_a_secret_in_a_message_or_in_a_traceback_is_hidden(stored: Any) -> None:
    failed = ConnectionError("postgres://app:tiger@db is away")
    logging.getLogger("apps").error("no %s", "postgres://app:tiger@db", exc_info=failed)
    [(_, line)] = stored()
    assert "tiger" not in json.dumps(line)
    assert "ConnectionError" in line["exception"]


def test_what_celery_says_of_a_failure_leaves_the_arguments_out(stored: Any) -> None:
    data = {"args": "('tiger',)"}
    logging.getLogger("celery.app.trace").error("Task failed", extra={"data": data})
    [(_, line)] = stored()
    assert "tiger" not in json.dumps(line)


def test_a_line_whose_arguments_do_not_fit_is_not_lost() -> None:
    # Not by a logger: pytest's own handler would raise.
    line = json.loads(formatter("json").format(logging.makeLogRecord({"msg": "%d users", "args": ("many",)})))
    assert "%d users" in line["event"]
    assert "many" in line["event"]


@pytest.mark.stack
def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    code = (
        "import logging.config, sys; from pathlib import Path; from conf.logs.configuration import logging_config;"
        "logging.config.dictConfig(logging_config(directory=Path(sys.argv[1]), console=False));"
        # As long as a traceback may be, longer than what is written at once by default.
        "[logging.getLogger('apps').info('x' * 7000, extra={'y': 'z' * 7000}) for _ in range(100)]"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=paths.ROOT) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    lines = [json.loads(line) for line in (tmp_path / "app.log").read_text().splitlines()]
    assert [len(line["event"]) for line in lines] == [7000] * 300


def test_on_a_terminal_nothing_that_was_sent_moves_the_cursor() -> None:
    record = logging.makeLogRecord({"msg": "hello\n\x1b[2J", "name": "apps", "agent": "\x9b2J\u202eforged\r\nline"})
    said = formatter("readable").format(record)
    assert "hello\\n\\x1b[2J" in said
    assert "\\x9b2J\\u202eforged\\r\\nline" in said
    assert len(said.splitlines()) == 1


def test_on_a_terminal_a_traceback_keeps_its_lines_and_nothing_else() -> None:
    failed = ValueError("\x1b[2Jcleared")
    record = logging.makeLogRecord({"msg": "failed", "name": "apps", "exc_info": (ValueError, failed, None)})
    said = formatter("readable").format(record)
    assert "ValueError: \\x1b[2Jcleared" in said.splitlines()[-1]


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
