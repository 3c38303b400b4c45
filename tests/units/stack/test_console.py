"""What is printed: colours and movements of the cursor for terminals, plain lines for everything else."""

import pytest
from rich.status import Status

from checkout.text import wants_colours
from stack import console
from stack.console import step, table

ROWS = [("PROGRAM", "STATE"), ("web", "running"), ("worker", "fatal")]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("is_terminal", "variables", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"FORCE_COLOR": "0"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_unless_a_variable_says_something_else(
    *, is_terminal: bool, variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert wants_colours(console.sys.stdout) is expected
    assert ("\x1b[" in table(ROWS)) is expected


def test_a_step_is_a_plain_line_in_a_pipe_even_where_colours_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with step("postgres"):
        shown_meanwhile = capsys.readouterr().out

    assert shown_meanwhile == f"  {'postgres':<42}"
    assert capsys.readouterr().out == "  0.0 s\n"


def test_a_step_goes_on_where_its_terminal_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    class Gone(Status):
        def start(self) -> None:
            raise OSError(5, "Input/output error")

        stop = start

    monkeypatch.setattr("rich.status.Status", Gone)
    done = []
    with step("postgres"):
        done.append("postgres")

    assert done == ["postgres"]


def test_a_step_that_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), step("postgres"):
        raise ValueError("no")

    assert capsys.readouterr().out.endswith("failed\n")
