"""A disk that is full: said clearly, nothing lost, and well again once there is space."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def small_disk(make_checkout: Callable[..., Checkout]) -> Iterator[Checkout]:
    """Return a checkout whose state is on a small disk of its own."""
    checkout = make_checkout()
    checkout.state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=0700", "tmpfs", checkout.state], check=True)
    yield checkout
    checkout.just("down", check=False)
    subprocess.run(["umount", checkout.state], check=True)


def fill(checkout: Checkout) -> Path:
    """Take all the space that is left."""
    path = checkout.state / "ballast"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return path


def assert_refused(checkout: Checkout) -> None:
    done = checkout.just("up", check=False)
    assert done.returncode != 0
    assert "MB are free on the disk" in done.stderr
    assert "Free some" in done.stderr
    assert checkout.processes() == []


def test_a_full_disk_while_it_runs_and_when_it_starts(small_disk: Checkout) -> None:
    small_disk.just("up")
    small_disk.just("psql", "-qc", "CREATE TABLE kept AS SELECT 1842 AS number")

    ballast = fill(small_disk)
    writing = "INSERT INTO kept SELECT generate_series(1, 5000000)"
    assert small_disk.just("psql", "-qc", writing, check=False).returncode != 0
    small_disk.just("down")
    assert_refused(small_disk)

    ballast.unlink()
    small_disk.just("up")
    assert_well(small_disk)
    assert "1842" in small_disk.just("psql", "-tAc", "SELECT number FROM kept").stdout


def test_a_disk_that_is_full_before_the_first_start(small_disk: Checkout) -> None:
    assert shutil.disk_usage(small_disk.state).free > 0
    ballast = fill(small_disk)

    assert_refused(small_disk)

    ballast.unlink()
    small_disk.just("up")
    eventually(lambda: small_disk.health()["status"] == "ok", "health")
