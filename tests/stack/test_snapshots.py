"""`just snapshot` and `just rewind`: rows and queue, put aside and brought back whole, whatever is killed meanwhile."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.trial_stack import Trial

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("SNAPSHOT_KILLS", "4"))
QUEUE = "from apps.core.tasks import do_nothing; [do_nothing.delay() for _ in range({})]"


def rows(checkout: Checkout) -> int:
    return int(checkout.just("psql", "-qAt", "-c", "select count(*) from users_customuser").stdout)


def tasks(checkout: Checkout) -> int:
    return int(checkout.just("redis-cli", "llen", "default").stdout.split()[-1])


def state(checkout: Checkout) -> tuple[int, int]:
    return rows(checkout), tasks(checkout)


def snapshots(checkout: Checkout) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in json.loads(checkout.just("snapshots", "--json").stdout)}


def queue(checkout: Checkout, count: int) -> None:
    checkout.just("manage", "shell", "-c", QUEUE.format(count))


@pytest.fixture(scope="module")
def quiet(make_started: Callable[..., Checkout]) -> Checkout:
    """Return a stack without worker and beat, so that what is queued stays there."""
    checkout = make_started()
    checkout.run("git", "init", "--quiet", "--initial-branch=trunk")
    checkout.just("up")
    checkout.just("down", "worker", "beat")
    checkout.just("seed", "--users", "10")
    queue(checkout, 7)
    return checkout


def test_rows_and_queue_come_back_and_what_they_replace_is_kept(quiet: Checkout) -> None:
    before = state(quiet)
    quiet.just("snapshot", "start")
    quiet.just("seed", "--users", "20")
    queue(quiet, 3)
    later = state(quiet)
    assert later == (before[0] + 10, before[1] + 3)

    quiet.just("rewind", "start")

    assert state(quiet) == before
    kept = next(name for name in snapshots(quiet) if name.startswith("before-rewind-"))
    assert snapshots(quiet)[kept]["tasks"] == later[1]
    quiet.just("rewind", kept)
    assert state(quiet) == later
    assert quiet.health()["components"]["postgres"]["ok"]


def test_a_snapshot_knows_its_time_branch_migrations_and_size(quiet: Checkout) -> None:
    quiet.just("snapshot", "known")
    found = snapshots(quiet)["known"]
    assert (found["branch"], found["fits"]) == ("trunk", True)
    assert "users.0001_initial" in found["migrations"]
    assert found["size"] > 1_000_000
    assert "known" in quiet.just("snapshots").stdout
    quiet.just("snapshot", "--delete", "known")
    assert "known" not in snapshots(quiet)
    assert not (quiet.state / "snapshots/known.queue").exists()


def test_what_cannot_be_done_says_why_and_changes_nothing(quiet: Checkout) -> None:
    quiet.just("snapshot", "once")
    before = state(quiet), sorted(snapshots(quiet))
    for words, said in (
        (("snapshot", "once"), "already"),
        (("snapshot", "No Name"), "cannot be the name"),
        (("rewind", "nowhere"), "once"),
        (("snapshot", "--delete", "nowhere"), "there is no snapshot"),
        (("snapshot", "--delete", ""), "there is no snapshot"),
        (("snapshot", "--delete", "once", "nowhere"), "either make a snapshot or delete one"),
    ):
        refused = quiet.just(*words, check=False)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert (state(quiet), sorted(snapshots(quiet))) == before


def test_rows_come_back_where_the_queue_was_not_copied(quiet: Checkout) -> None:
    queue(quiet, 2)
    quiet.just("snapshot", "rows")
    (quiet.state / "snapshots/rows.queue").unlink()
    assert "no task waits now" in quiet.just("rewind", "rows").stdout
    assert tasks(quiet) == 0
    quiet.just("restart", "web")


def test_a_rewind_that_is_interrupted_is_complete_before_anything_runs_again(quiet: Checkout) -> None:
    many = 'for number = 1, 300000 do redis.call("lpush", "default", string.rep("x", 200) .. number) end'
    quiet.just("redis-cli", "eval", many, "0")
    quiet.just("snapshot", "many")
    waiting = tasks(quiet)
    quiet.just("redis-cli", "del", "default")
    record = quiet.state / "snapshots/rewind.json"
    process = subprocess.Popen(
        ["just", "rewind", "many"], cwd=quiet.path, env=quiet.environment, start_new_session=True
    )
    while process.poll() is None and not record.exists():
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    process.wait()

    assert not record.exists()
    assert tasks(quiet) in (0, waiting)
    quiet.just("redis-cli", "del", "default")
    quiet.just("snapshot", "--delete", "many")


def test_somebody_who_is_connected_is_named_and_everything_runs_again(quiet: Checkout) -> None:
    before = state(quiet)
    with quiet.start("psql", terminal=True) as psql:
        eventually(lambda: "app=#" in psql.text(), psql.text)
        refused = quiet.just("snapshot", "disturbed", check=False)
    assert "psql (process" in refused.stderr
    assert state(quiet) == before
    assert quiet.health()["components"]["postgres"]["ok"]


def test_another_server_is_refused_with_the_reason(quiet: Checkout) -> None:
    refused = quiet.just("snapshot", check=False, DATABASE_URL="postgres://user:secret@db.example.com/app")
    assert "DATABASE_URL names another one" in refused.stderr
    assert "secret" not in refused.stderr


def test_code_that_lacks_migrations_names_the_branch_and_the_snapshot_that_fits(
    make_started: Callable[..., Checkout],
) -> None:
    checkout = make_started()
    git = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    checkout.run(*git, "init", "--quiet", "--initial-branch=trunk")
    checkout.run(*git, "add", "--all")
    checkout.run(*git, "commit", "--quiet", "--message=All")
    checkout.just("up")
    checkout.just("snapshot", "trunk")
    checkout.run(*git, "switch", "--quiet", "--create", "feature")
    migration = checkout.path / "apps/core/migrations/0004_more.py"
    migration.write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        '    dependencies = [("core", "0003_dead_letters_and_failed_tasks")]\n'
    )
    checkout.run(*git, "add", "--all")
    checkout.run(*git, "commit", "--quiet", "--message=More")
    checkout.just("migrate")
    checkout.just("snapshot", "feature")
    checkout.run(*git, "switch", "--quiet", "trunk")

    checkout.just("restart", check=False)
    said = checkout.just("up", check=False).stderr
    assert "core.0004_more is on: feature" in said
    assert "just rewind trunk" in said
    assert "git switch feature" in checkout.just("rewind", "feature", check=False).stderr

    checkout.just("rewind", "trunk")
    checkout.just("up")
    assert snapshots(checkout)["feature"]["fits"] is False


def test_a_stack_at_work_is_put_aside_and_brought_back_without_an_error(trial: Trial) -> None:
    checkout = trial.checkout
    trial.send("trial_notes", *([f"task {number}", 0.3] for number in range(40)))
    checkout.just("snapshot", "busy")
    waiting = snapshots(checkout)["busy"]["tasks"]
    assert 0 < waiting < 40
    users = rows(checkout)
    checkout.just("seed", "--users", "10")
    eventually(lambda: trial.waiting() == 0, "all tasks done", 60)
    assert len(trial.effects()) == 40

    checkout.just("rewind", "busy")

    assert rows(checkout) == users
    eventually(lambda: trial.waiting() == 0, "all tasks done again", 60)
    again = trial.effects()[40:]
    assert len({line.rpartition(" ")[0] for line in again}) == len(again) == waiting
    for program in ("backend", "worker", "beat"):
        assert [line for line in checkout.log_lines(program) if line["level"] in ("error", "critical")] == []


@pytest.mark.timeout(600)
def test_a_kill_at_any_time_leaves_the_old_or_the_new_state_whole(quiet: Checkout) -> None:
    quiet.just("snapshot", "old")
    old = state(quiet)
    quiet.just("seed", "--users", "50")
    queue(quiet, 5)
    quiet.just("snapshot", "new")
    new = state(quiet)
    assert old != new
    seed = random.randrange(1_000_000)  # noqa: S311 - of a test
    dice = random.Random(seed)  # noqa: S311
    for number in range(KILLS):
        target = ("old", "new")[number % 2]
        words = ("rewind", target) if number % 3 else ("snapshot", f"killed-{number}")
        process = subprocess.Popen(
            ["just", *words], cwd=quiet.path, env=quiet.environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        time.sleep(dice.uniform(0.3, 4))
        killed(process)
        # Whatever starts the servers completes or undoes it; no worker takes anything meanwhile.
        assert all(found["migrations"] for found in snapshots(quiet).values()), seed
        assert state(quiet) in (old, new), seed
        quiet.just("rewind", target)
        assert state(quiet) == (old if target == "old" else new), seed
    quiet.just("up")
    assert quiet.health()["components"]["worker"]["ok"]


def killed(process: "subprocess.Popen[bytes]") -> None:
    """Kill what was typed, with all that it has started in its session."""
    subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
    process.wait()
    assert process.returncode in (-signal.SIGKILL, 0)
