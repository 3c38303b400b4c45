"""`just survive`: tasks that are killed everywhere, on a copy of the data."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.harness import copies
from tests.harness.checkout import Checkout, eventually
from tests.harness.trial_stack import Trial

_TASKS = "tests/harness/trial/tasks.py"


@pytest.fixture(scope="module")
def ground(make_started: Callable[..., Checkout]) -> Iterator[Checkout]:
    """Yield a stack with the faulty tasks, three users, and no program that writes; it is the same afterwards."""
    checkout = make_started()
    Trial(checkout)
    checkout.just("up")
    checkout.just("down", "web", "worker", "beat")
    checkout.just("seed", "--users", "3")
    before = everything(checkout)
    yield checkout
    assert everything(checkout) == before
    assert copies.leftovers(checkout) == []


def everything(checkout: Checkout) -> tuple[str, list[str], list[str]]:
    """Return all rows, all keys of Redis but what wakes a queue up, which is gone after a minute, and all mails."""
    rows = checkout.run("just", "psql", "-qAtc", "SELECT * FROM users_customuser ORDER BY id; TABLE core_startedtask")
    listed = [line.split()[-1] for line in checkout.just("redis-cli", "KEYS", "*").stdout.splitlines()]
    keys = sorted(key for key in listed if not key.endswith(":hint"))
    return rows, keys, sorted(str(file) for file in (checkout.state / "mail").glob("*"))


def survive(checkout: Checkout, *words: str) -> tuple[int, dict[str, Any]]:
    done = checkout.just("survive", "--json", *words, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def otherwise(found: dict[str, Any]) -> list[tuple[str, str, str, set[str]]]:
    """Return where the task does not survive: the line's text, before or after what, and what was different."""
    return [
        (
            (point["place"] or {}).get("text", ""),
            point["when"],
            point["kind"],
            {f"{one['kind']} {one['of']}" for one in point["differences"]},
        )
        for point in found["points"]
        if point["verdict"] == "different"
    ]


def test_the_mail_of_the_project_survives_but_for_the_window_of_once(ground: Checkout) -> None:
    status, found = survive(ground, "send_password_reset", "2")
    assert (status, found["survives"], found["task"]) == (0, True, "apps.users.tasks.send_password_reset")
    assert [step["kind"] for step in found["steps"]] == ["mail", "commit", "acknowledgement"]
    verdicts = [(point["when"], point["kind"], point["verdict"]) for point in found["points"]]
    assert verdicts == [
        ("before", "mail", "same"),
        ("after", "mail", "window"),
        ("before", "commit", "window"),
        ("after", "commit", "same"),
        ("before", "acknowledgement", "same"),
        ("after", "acknowledgement", "same"),
    ]


def test_a_mail_before_its_row_is_sent_twice_and_the_line_is_named(ground: Checkout) -> None:
    status, found = survive(ground, "trial_mails_before_its_row", "user_id=1")
    line = 'user.email_user("Welcome", "It is good to have you here.")'
    assert status == 1
    assert (line, "after", "mail", {"twice mail"}) in otherwise(found)
    [place] = {point["place"]["line"] for point in found["points"] if point["kind"] == "mail"}
    assert (ground.path / _TASKS).read_text().splitlines()[place - 1].strip() == line
    assert any("twice row" in what for _, _, _, what in otherwise(found))


def test_a_counter_without_a_key_counts_twice_and_the_line_is_named(ground: Checkout) -> None:
    done = ground.just("survive", "trial_counts_without_a_key", "3", check=False)
    assert done.returncode == 1
    assert "session_version is 2 in place of 1" in done.stdout
    assert 'CustomUser.objects.filter(pk=user_id).update(session_version=F("session_version") + 1)' in done.stdout
    assert "does not survive" in done.stdout


def test_a_message_before_the_commit_is_sent_twice_and_the_line_is_named(ground: Checkout) -> None:
    status, found = survive(ground, "trial_sends_before_the_commit", "1")
    assert status == 1
    assert {(line, what) for line, _, what, _ in otherwise(found)} >= {("do_nothing.delay()", "message")}
    assert {frozenset(what) for _, _, _, what in otherwise(found)} == {frozenset({"twice message"})}, found["points"]
    [advice] = {point["do"] for point in found["points"] if point["kind"] == "message" and point["do"]}
    assert "delay_on_commit" in advice


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("send_pasword_reset", "1"), "send_password_reset"),
        (("send_password_reset",), "user_id"),
        (("send_password_reset", "7", "who=1"), "who"),
        (("trial_finds_nobody",), "fails undisturbed"),
        (("trial_sleeps", "60", "--timeout", "2"), "did not end within 2 s"),
        (("trial_kills_itself",), "the worker of tests.harness.trial.tasks.trial_kills_itself() ended before the task"),
    ],
)
def test_what_cannot_be_tried_is_said(ground: Checkout, words: tuple[str, ...], said: str) -> None:
    done = ground.just("survive", *words, check=False)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_a_trial_that_is_killed_leaves_no_process(ground: Checkout) -> None:
    with ground.start("survive", "send_password_reset", "2") as killed:
        eventually(lambda: "killed before step 1" in killed.text(), killed.text)
        copies.kill(ground, killed, "survive")
    ground.just("survive", "send_password_reset", "2")
