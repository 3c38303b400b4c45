"""Keys of a terminal, read one by one, and a terminal that is as before afterwards."""

import os
import pty
import termios

import pytest

from stack.logs import keys


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with keys.pressed() as read:
        assert read() == ""


def test_keys_are_read_without_a_line_and_the_terminal_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    monkeypatch.setattr(keys, "_STDIN", theirs)
    with os.fdopen(os.dup(theirs)) as stdin, monkeypatch.context() as patch:
        patch.setattr("sys.stdin", stdin)
        found = keys_read(ours)
    assert found == "rf"
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def keys_read(ours: int) -> str:
    with keys.pressed() as read:
        assert read() == ""
        os.write(ours, b"rf")
        found = ""
        while len(found) < 2:
            found += read()
        return found
