import json
from typing import Any

from stack.survival import report
from stack.survival.call import Call
from stack.survival.comparison import Difference
from stack.survival.trial import Point

CALL = Call("mail.send", [7])
PLACE = {"file": "apps/mail/tasks.py", "line": 12, "text": "mail.send()"}
TWICE = Difference("twice", "mail", "a mail to ada@example.com, 'Welcome'")


def point(*differences: Difference, when: str = "after", **values: Any) -> Point:
    step = {"kind": "mail", "what": "to ada@example.com", "place": PLACE, "in_once": False, "in_transaction": False}
    return Point(0, when, step | values, PLACE, list(differences))


def test_a_task_that_ends_the_same_survives() -> None:
    points = [point(), point(when="before")]
    assert report.status(points) == 0
    assert "mail.send(7) survives: 2 kill points, 2 ended the same" in report.as_text(CALL, points, 0)


def test_the_window_of_once_is_no_failure() -> None:
    points = [point(TWICE, in_once=True)]
    assert (points[0].verdict, report.status(points)) == ("window", 0)
    assert "the window which `once` documents" in report.as_text(CALL, points, 0)


def test_a_row_that_is_there_twice_is_a_failure_inside_of_once_as_well() -> None:
    assert point(Difference("twice", "row", "a row of orders"), in_once=True).verdict == "different"


def test_a_failure_is_told_with_its_line_and_what_to_do() -> None:
    points = [point(TWICE)]
    said = report.as_text(CALL, points, 1)
    assert report.status(points) == 1
    for words in ("apps/mail/tasks.py:12", "mail.send()", "a mail to ada@example.com", "`once`", "1 not reached again"):
        assert words in said
    [found] = json.loads(report.as_json(CALL, [], points, 1))["points"]
    assert (found["verdict"], found["place"], "once" in found["do"]) == ("different", PLACE, True)


def test_a_message_inside_of_a_transaction_is_to_be_sent_after_it() -> None:
    again = Difference("twice", "message", "a message to pack")
    said = report.as_text(CALL, [point(again, kind="message", in_transaction=True)], 0)
    assert "delay_on_commit" in said
