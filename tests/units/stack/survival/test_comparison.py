from typing import Any

from stack.survival.comparison import Difference, Masks, differences, masks
from stack.survival.left import NEW, Left, Mail, Message


def left(*orders: dict[str, Any], **others: Any) -> Left:
    return Left({"orders": list(orders)} if orders else {}, {"orders": len(orders)}, **others)


def mail(*words: str, to: str = "ada@example.com") -> Mail:
    return Mail(to, "Welcome", words)


def order(**values: Any) -> dict[str, Any]:
    return {"id": NEW, "name": "tea", "count": 1, **values}


def test_nothing_is_different_in_two_runs_alike() -> None:
    one = left(order(), mails=[mail("Hello")], messages=[Message("default", "pack", "[]")])
    assert differences(one, one, Masks()) == []


def test_what_varies_by_itself_is_not_compared() -> None:
    one = left(order(at="10:00", key="a"), mails=[mail("Hello", "link-1", "!")])
    other = left(order(at="10:01", key="b"), mails=[mail("Hello", "link-2", "!")])
    masked = masks(one, other)
    assert (masked.columns["orders"], list(masked.words.values())) == ({"at", "key"}, [{1}])
    third = left(order(at="10:02", key="c"), mails=[mail("Hello", "link-3", "!")])
    assert differences(one, third, masked) == []
    changed = left(order(at="10:02", key="c"), mails=[mail("Goodbye", "link-3", "!")])
    assert [found.kind for found in differences(one, changed, masked)] == ["changed"]


def test_a_row_that_is_there_twice_is_named() -> None:
    found = differences(left(order()), left(order(), order()), Masks())
    assert found == [Difference("twice", "row", "a row of orders (count=1, name=tea)")]


def test_a_row_that_is_missing_is_named() -> None:
    found = differences(left(order(), order(name="milk")), left(order()), Masks())
    assert found == [Difference("missing", "row", "a row of orders (count=1, name=milk)")]


def test_a_value_that_is_another_one_is_named_with_the_row() -> None:
    found = differences(left({"id": 3, "count": 1}), left({"id": 3, "count": 2}), Masks())
    assert found == [Difference("changed", "row", "orders: id 3, count is 2 in place of 1")]


def test_a_row_that_was_deleted_is_counted() -> None:
    before, after = left(), left()
    before.counts, after.counts = {"orders": 5}, {"orders": 4}
    assert differences(before, after, Masks()) == [Difference("changed", "row", "orders has 1 rows fewer")]


def test_mails_and_messages_are_counted() -> None:
    message = Message("default", "pack", "[[1], {}]")
    before = left(mails=[mail("Hello")], messages=[message])
    after = left(mails=[mail("Hello"), mail("Hello")], messages=[])
    assert differences(before, after, Masks()) == [
        Difference("twice", "mail", "a mail to ada@example.com, 'Welcome'"),
        Difference("missing", "message", "a message to pack"),
    ]


def test_a_message_with_other_arguments_is_changed() -> None:
    before = left(messages=[Message("default", "pack", "[[1], {}]")])
    after = left(messages=[Message("default", "pack", "[[2], {}]")])
    assert [str(found) for found in differences(before, after, Masks())] == ["changed: what is in a message to pack"]
    varying = masks(before, after)
    assert differences(before, after, varying) == []


def test_how_the_task_ended_is_compared() -> None:
    [found] = differences(left(), left(outcome="FAILURE: IntegrityError"), Masks())
    assert (found.kind, found.what) == ("ended otherwise", "FAILURE: IntegrityError")
