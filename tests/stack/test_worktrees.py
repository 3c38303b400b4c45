"""`just worktree`: checkouts side by side, each with a stack and a copy of the data of its own."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import repositories
from tests.harness.checkout import Checkout

pytestmark = pytest.mark.long


def rows(checkout: Checkout, where: str = "") -> int:
    words = ("psql", "-qAt", "-c", "select count(*) from users_customuser")
    return int((in_worktree(checkout, where, *words) if where else checkout.just(*words).stdout).strip())


def in_worktree(checkout: Checkout, name: str, *words: str) -> str:
    return checkout.run("just", "--justfile", str(checkout.path.parent / name / "justfile"), *words)


def worktrees(checkout: Checkout) -> dict[str, dict[str, Any]]:
    found = json.loads(checkout.just("worktrees", "--json").stdout)
    return {Path(worktree["path"]).name: worktree for worktree in found}


@pytest.fixture(scope="module")
def shop(make_started: Callable[..., Checkout]) -> Iterator[Checkout]:
    checkout = make_started("shop")
    repositories.make(checkout, "trunk")
    checkout.just("up")
    checkout.just("seed", "--users", "5")
    yield checkout
    for name in worktrees(checkout):
        if name != "shop":
            checkout.just("worktree", "--remove", name, check=False)


def test_a_worktree_has_its_own_stack_and_a_copy_of_the_rows(shop: Checkout) -> None:
    shop.just("worktree", "feature/orders")
    in_worktree(shop, "shop-feature-orders", "up")
    before = rows(shop)
    assert rows(shop, "shop-feature-orders") == before

    in_worktree(shop, "shop-feature-orders", "seed", "--users", "9")

    assert (rows(shop), rows(shop, "shop-feature-orders")) == (before, before + 4)
    found = worktrees(shop)
    assert [found[name]["runs"] for name in ("shop", "shop-feature-orders")] == [True, True]
    assert found["shop"]["port"] != found["shop-feature-orders"]["port"]
    assert found["shop-feature-orders"]["branch"] == "feature/orders"
    for directory in (shop.path, shop.path.parent / "shop-feature-orders"):
        assert shop.run("git", "-C", str(directory), "status", "--porcelain") == ""

    shop.just("worktree", "--remove", "feature/orders")
    assert sorted(worktrees(shop)) == ["shop"]
    assert not (shop.path.parent / "shop-feature-orders").exists()
    assert "feature/orders" in shop.run("git", "branch")
    assert shop.health()["components"]["postgres"]["ok"]


def test_a_port_that_env_names_is_not_taken_along(shop: Checkout) -> None:
    env = shop.path / ".env"
    text = env.read_text()
    env.write_text(f"{text}PORT=8123\nexport PORT = 8123\nSLOW_QUERY_MS=77\n")
    shop.just("worktree", "ports")
    env.write_text(text)
    copied = (shop.path.parent / "shop-ports/.env").read_text()
    assert ("SLOW_QUERY_MS=77" in copied, "8123" in copied) == (True, False)


def test_what_is_not_committed_is_never_deleted(shop: Checkout) -> None:
    shop.just("worktree", "unsaved")
    (shop.path.parent / "shop-unsaved/notes.txt").write_text("mine")
    refused = shop.just("worktree", "--remove", "unsaved", check=False)
    assert (refused.returncode, "notes.txt" in refused.stderr) == (1, True)
    (shop.path.parent / "shop-unsaved/notes.txt").unlink()
    shop.just("worktree", "--remove", "shop-unsaved")


def test_commits_that_are_on_no_branch_are_never_deleted(shop: Checkout) -> None:
    shop.just("worktree", "detached")
    path = shop.path.parent / "shop-detached"
    shop.run("git", "-C", str(path), "switch", "--quiet", "--detach")
    shop.run(*repositories.GIT, "-C", str(path), "commit", "--quiet", "--allow-empty", "--message=Mine")
    refused = shop.just("worktree", "--remove", "shop-detached", check=False)
    assert (refused.returncode, "Mine" in refused.stderr, path.is_dir()) == (1, True, True)
    shop.run("git", "-C", str(path), "switch", "--quiet", "--create", "mine")
    shop.just("worktree", "--remove", "mine")


def test_a_worktree_whose_directory_was_deleted_is_forgotten(shop: Checkout) -> None:
    shop.just("worktree", "gone")
    shutil.rmtree(shop.path.parent / "shop-gone")
    shop.just("worktree", "--remove", "gone")
    assert "shop-gone" not in worktrees(shop)


def test_names_keep_the_letters_that_tell_them_apart(shop: Checkout) -> None:
    for branch, name in (("feature/ä", "shop-feature-ä"), ("feature/ö", "shop-feature-ö")):
        shop.just("worktree", branch)
        assert worktrees(shop)[name]["branch"] == branch


def test_an_interrupted_copy_leaves_neither_worktree_nor_branch(shop: Checkout) -> None:
    state = shop.path.parent / "shop-interrupted/.state"
    # It takes longer to copy than this process may have to wait for a core.
    with (shop.state / "postgres/large").open("wb") as large:
        large.write(os.urandom(1 << 20) * 500)
    process = subprocess.Popen(
        ["just", "worktree", "interrupted"], cwd=shop.path, env=shop.environment, start_new_session=True
    )
    while process.poll() is None and not state.exists():
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() != 0
    (shop.state / "postgres/large").unlink()
    assert "interrupted" not in shop.run("git", "branch")
    assert "shop-interrupted" not in worktrees(shop)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("worktree", "a..b"), "cannot be the name of a branch"),
        (("worktree", "--remove", "nowhere"), "There are: trunk"),
        (("worktree", "--remove", "trunk"), "is this checkout"),
        (("worktree",), "name a branch"),
        (("worktree", "trunk"), "trunk"),
    ],
)
def test_what_cannot_be_done_says_why(shop: Checkout, words: tuple[str, ...], said: str) -> None:
    before = sorted(worktrees(shop))
    refused = shop.just(*words, check=False)
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert sorted(worktrees(shop)) == before
