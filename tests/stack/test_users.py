"""Whoever runs it: root below a closed directory where user namespaces are forbidden, and a user without a home."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.stack.checkout import Checkout
from tests.stack.faults import assert_well


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
