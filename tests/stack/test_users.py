"""Whoever runs it: root below a closed directory where user namespaces are forbidden, and a user without a home."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.harness.checkout import Checkout
from tests.harness.faults import assert_well


@pytest.mark.skipif(os.getuid() != 0, reason="root alone has to become somebody else for Postgres")
def test_root_below_a_closed_directory_without_user_namespaces(
    make_checkout: Callable[..., Checkout], tmp_path: Path
) -> None:
    checkout = make_checkout()
    checkout.path.parent.chmod(0o700)
    # What containers forbid by default.
    (tmp_path / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)

    checkout.just("up", PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert_well(checkout)
    server = int((checkout.state / "postgres/postmaster.pid").read_text().split()[0])
    assert psutil.Process(server).uids().real != 0


def test_a_user_without_a_home(make_checkout: Callable[..., Checkout], tmp_path: Path) -> None:
    checkout = make_checkout()
    nowhere = tmp_path / "nowhere"

    checkout.just("up", HOME=str(nowhere))

    assert_well(checkout)
    assert not nowhere.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="root alone could do it")
@pytest.mark.parametrize("words", ["up", "down", "restart", "migrate", "test", "doctor", "seed", "manage check"])
def test_root_does_not_touch_the_stack_of_a_user(stack: Checkout, words: str) -> None:
    processes = sorted(process.pid for process in stack.processes() if process.ppid() == stack_supervisor(stack))
    os.chown(stack.state, 12345, 12345)
    before = owners(stack)

    done = stack.just(*words.split(), check=False)

    assert owners(stack) == before
    os.chown(stack.state, 0, 0)
    assert done.returncode != 0
    assert f"{stack.state} belongs to user 12345, and you are root. Nothing was changed." in done.stderr
    assert "Traceback" not in done.stderr
    assert processes == sorted(p.pid for p in stack.processes() if p.ppid() == stack_supervisor(stack))
    assert stack.health()["status"] == "ok"


def stack_supervisor(stack: Checkout) -> int:
    return int((stack.state / "supervisord.pid").read_text())


def owners(stack: Checkout) -> dict[Path, tuple[int, int]]:
    """Return who owns each file of the checkout and its state, but for those that a running server replaces."""
    files = [path for path in stack.path.rglob("*") if path.parent != stack.state / "postgres/pg_wal"]
    return {path: (path.lstat().st_uid, path.lstat().st_gid) for path in files if path.exists()}
