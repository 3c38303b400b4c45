import pytest

from stack.survival.call import Call, parse


@pytest.mark.parametrize(
    ("words", "args", "kwargs"),
    [
        (["7"], [7], {}),
        (["ada", "true", "null", "[1]"], ["ada", True, None, [1]], {}),
        (["user_id=7", "name=Ada"], [], {"user_id": 7, "name": "Ada"}),
        (['"a=b"', "2026-11-26"], ["a=b", "2026-11-26"], {}),
        (["a b=c"], ["a b=c"], {}),
        (["name="], [], {"name": ""}),
    ],
)
def test_arguments_are_json_or_strings(words: list[str], args: list[object], kwargs: dict[str, object]) -> None:
    assert parse("send", words) == Call("send", args, kwargs)


def test_a_call_is_written_as_in_python() -> None:
    assert str(parse("mail.send", ["7", "name=Ada"])) == "mail.send(7, name='Ada')"
