"""What `just logs` makes of the lines of different programs."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from stack.logs.records import Record, in_order, of_request, records
from stack.logs.rendering import Form, renderer

NOON = datetime(2026, 11, 2, 12, 0, 0, 123000, tzinfo=UTC).timestamp()


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read in New York."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


def line(event: str, **values: object) -> str:
    return json.dumps({"event": event, "level": "info", "timestamp": "2026-11-02T12:00:00.123000Z", **values})


@pytest.mark.parametrize(
    "text",
    [
        line("hello"),
        '{"event":"hello","timestamp":"2026-11-02T12:00:00.123000Z"}',
        "2026-11-02 12:00:00.123 UTC [1] LOG:  hello",
        "12:M 02 Nov 2026 12:00:00.123 * hello",
    ],
)
def test_the_time_of_a_line_is_known_whoever_wrote_it_and_wherever_one_reads(text: str, new_york: None) -> None:
    assert next(records("any", [text], before=0.0)).time == pytest.approx(NOON)


def test_a_line_without_a_time_belongs_to_the_one_before() -> None:
    found = list(records("web", ["first of all", line("hello"), "  and its traceback"], before=7.0))
    assert [record.time for record in found] == [7.0, pytest.approx(NOON), pytest.approx(NOON)]


@pytest.mark.parametrize(
    "text",
    [
        '{"timestamp": "99Z"}',
        "2026-99-99 12:00:00.123 UTC [1] LOG:  hello",
        "12:M 99 Nov 2026 12:00:00.123 * hello",
    ],
)
def test_a_time_that_cannot_be_is_none(text: str) -> None:
    assert next(records("any", [text], before=7.0)).time == 7.0


def test_the_time_of_postgres_counts_and_none_in_a_value_that_it_prints() -> None:
    text = '2026-11-02 12:00:00.123 UTC [1] ERROR:  invalid input: "{"timestamp": "2001-01-01T00:00:00Z"}"'
    assert next(records("postgres", [text], before=0.0)).time == pytest.approx(NOON)


def test_a_line_of_nothing_but_brackets_is_text() -> None:
    assert Record(1, "postgres", "[" * 100_000).fields() is None


def test_half_a_character_is_escaped_since_no_terminal_takes_it() -> None:
    shown = renderer(prefix=True)(Record(NOON, "backend", line("hello", name="\ud800")))
    assert "name=\\ud800" in shown
    shown.encode()


def test_files_are_merged_by_time_and_lines_of_one_time_stay_in_their_order() -> None:
    files = [[Record(1, "a", "1"), Record(3, "a", "3"), Record(3, "a", "4")], [Record(2, "b", "2")]]
    assert [record.line for record in in_order(files)] == ["1", "2", "3", "4"]


def test_of_a_request_there_is_each_line_once_and_no_line_that_only_mentions_it() -> None:
    mine, other = line("mine", request_id="request-one"), line("other", request_id="two", path="/request-one")
    found = [Record(1, "backend", mine), Record(1, "info", mine), Record(2, "worker", other), Record(3, "x", "{broken")]
    assert [record.line for record in of_request("request-one", found)] == [mine]


def test_people_see_the_event_and_its_values_and_no_control_characters() -> None:
    text = line("hello\n\x1b[2J", agent="\x9b\u202e", n=1, none=None, exception="Traceback\n  ValueError: \x1b[31m")
    shown = renderer(prefix=True)(Record(NOON, "backend", text))
    head, *traceback = shown.split("\n")
    assert head.startswith("backend  | ")
    assert head.endswith("info     hello\\n\\x1b[2J  agent=\\x9b\\u202e n=1 none=-")
    assert traceback == ["    Traceback", "      ValueError: \\x1b[31m"]


def test_a_line_that_is_no_json_is_shown_without_control_characters() -> None:
    assert renderer(prefix=False)(Record(NOON, "redis", "1:M * \x1b[2Jready")) == "1:M * \\x1b[2Jready"
    assert renderer(prefix=False)(Record(NOON, "redis", "[1]")) == "[1]"


def test_machines_see_the_line_as_it_is() -> None:
    assert renderer(prefix=True, form=Form.STORED)(Record(NOON, "backend", line("hello"))) == line("hello")


def test_levels_have_colours_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    record = Record(NOON, "backend", line("hello", level="error"))
    assert "\x1b[31merror" in renderer(prefix=False)(record)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in renderer(prefix=False)(record)


REQUEST = {
    "request_id": "9e75c9a35ee4115763a3a4e340961d62",
    "method": "GET",
    "path": "/api/v1/auth/password/reset/",
    "route": "api/v1/auth/password/reset/",
    "status": 404,
    "duration_ms": 12.3,
    "queries": 3,
    "query_ms": 4.5,
    "user_id": 7,
    "client_ip": "127.0.0.1",
    "user_agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)",
}


def test_a_request_has_three_rows_at_most_in_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_terminal(monkeypatch, columns=80)

    first, *rest = renderer(prefix=True)(Record(NOON, "backend", line("request", **REQUEST))).split("\n")

    assert " 404 GET   /api/v1/auth/password/reset/  12.3 ms" in first
    assert len(rest) <= 2
    assert all(len(row) <= 80 for row in (first, *rest))
    assert all(row.startswith(" " * 13) for row in rest)


@pytest.mark.parametrize("text", [line("word " * 40, reason="because " * 20), "2026-11-02 LOG:  " + "word " * 40])
def test_a_long_line_is_broken_between_words_in_a_terminal_alone(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_row = renderer(prefix=True)(Record(NOON, "backend", text))
    in_a_terminal(monkeypatch, columns=60)

    rows = renderer(prefix=True)(Record(NOON, "backend", text)).split("\n")

    assert "\n" not in in_one_row
    assert len(rows) > 3
    assert all(len(row) <= 60 for row in rows)
    assert " ".join(" ".join(rows).split()) == " ".join(in_one_row.split())


def test_what_does_not_fit_into_a_row_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_terminal(monkeypatch, columns=40)
    path = "/" + "x" * 200

    assert path in renderer(prefix=True)(Record(NOON, "redis", f"a {path}"))


def in_a_terminal(monkeypatch: pytest.MonkeyPatch, *, columns: int) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize(
    ("stored", "event"),
    [
        (line("hello"), "hello"),
        ("2026-01-02 03:04:05.678 UTC [1] LOG:  ready", "2026-01-02 03:04:05.678 UTC [1] LOG:  ready"),
    ],
)
def test_for_tools_each_record_is_a_json_object_with_program_time_and_event(stored: str, event: str) -> None:
    [record] = records("backend", [stored], before=0.0)
    found = json.loads(renderer(prefix=True, form=Form.JSON)(record))
    assert (found["program"], found["event"]) == ("backend", event)
    assert found["timestamp"].endswith("Z")


def test_a_record_can_be_cut_to_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    record = Record(NOON, "backend", line("hello", text="x" * 200))
    shown = renderer(prefix=True, form=Form.LINE)(record)
    plain = re.sub("\x1b\\[[0-9;]*m", "", shown)
    assert (len(plain), plain.endswith("x…"), "\n" in shown) == (80, True, False)
    short = renderer(prefix=True, form=Form.LINE)(Record(NOON, "backend", line("hello")))
    assert "…" not in short


def test_each_program_has_its_own_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    render = renderer(prefix=True)
    colours = {
        render(Record(NOON, program, line("hello"))).partition("m")[0] for program in ("backend", "worker", "beat")
    }
    assert len(colours) == 3
