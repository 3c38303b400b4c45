"""Following a log that grows, is rotated, or is not there yet."""

from pathlib import Path

from stack.logs.display import Tail


def test_lines_come_once_and_only_when_they_are_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\ntw")
    tail = Tail(path)

    assert tail.lines() == ["one"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    assert tail.lines() == ["two", "three"]
    assert tail.lines() == []


def test_a_rotated_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    tail = Tail(path)
    tail.lines()

    path.rename(tmp_path / "a.log.1")
    path.write_text("new\n")

    assert tail.lines() == ["new"]


def test_what_came_just_before_the_rotation_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    tail = Tail(path)
    tail.lines()

    with path.open("a") as file:
        file.write("two\n")
    path.rename(tmp_path / "a.log.1")
    path.write_text("three\n")

    assert tail.lines() == ["two", "three"]


def test_a_file_that_was_emptied_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old and long\n")
    tail = Tail(path)
    tail.lines()

    path.write_text("new\n")

    assert tail.lines() == ["new"]


def test_a_file_that_comes_later_is_followed(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "a.log")
    assert tail.lines() == []

    (tmp_path / "a.log").write_text("first\n")

    assert tail.lines() == ["first"]
