"""What the recipes take, and what they refuse."""

import pytest

from stack.__main__ import parse


@pytest.mark.parametrize("lines", ["-5", "some", "1.5", ""])
def test_logs_refuses_what_is_no_number_of_lines(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["logs", f"--lines={lines}"])
    assert "is no number of lines" in capsys.readouterr().err
