import pytest

from apps.core import tasks
from apps.core.survival.lookup import NoSuchTaskError, find, module_file, refusal


@pytest.mark.parametrize(
    "name", ["apps.users.tasks.send_password_reset", "tasks.send_password_reset", "send_password_reset"]
)
def test_a_task_is_found_by_the_end_of_its_name(name: str) -> None:
    assert find(name).name == "apps.users.tasks.send_password_reset"


@pytest.mark.parametrize("name", ["send_pasword_reset", "apps.user.tasks.send_password_reset"])
def test_a_mistyped_name_is_told_with_what_is_near(name: str) -> None:
    with pytest.raises(NoSuchTaskError, match="send_password_reset"):
        find(name)


@pytest.mark.parametrize("name", ["nothing_of_the_kind", "celery.chord", ""])
def test_without_anything_near_all_tasks_are_listed(name: str) -> None:
    with pytest.raises(NoSuchTaskError, match=r"apps\.core\.tasks\.purge_tokens"):
        find(name)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ([], {}, "missing a required argument: 'user_id'"),
        ([1, 2], {}, "too many positional arguments"),
        ([], {"user": 1}, "user"),
    ],
)
def test_arguments_that_the_task_does_not_take_are_refused(args: list[int], kwargs: dict[str, int], said: str) -> None:
    reason = refusal(find("send_password_reset"), args, kwargs)
    assert reason.startswith("apps.users.tasks.send_password_reset(user_id): ")
    assert said in reason


def test_arguments_that_it_takes_are_not() -> None:
    assert (
        refusal(find("send_password_reset"), [7], {}) == refusal(find("send_password_reset"), [], {"user_id": 7}) == ""
    )


def test_the_file_of_a_task_is_that_of_its_module() -> None:
    assert module_file(find("purge_tokens")) == tasks.__file__
