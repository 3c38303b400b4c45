"""The exchange of clusters, killed before each of its renames: the next start finds the old or the new one, whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from checkout.paths import ROOT

# Kills itself when an event has occurred so many times.
_KILLED = """
import os, signal, sys
from checkout import paths
from stack.upgrade import exchange
left = float(sys.argv[2])
def count(event, arguments):
    global left
    if event == sys.argv[1]:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
sys.addaudithook(count)
"""
_EXCHANGE = f"{_KILLED}exchange.take_place(paths.STATE / 'postgres.new.abc', '15')"
_REMOVE = f"{_KILLED}exchange.remove(exchange.kept('15'))"
_COMPLETE = "from stack.upgrade import exchange; exchange.complete()"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    make(tmp_path / "postgres", "old")
    make(tmp_path / "postgres.new.abc", "new")
    return tmp_path


def make(cluster: Path, content: str) -> None:
    cluster.mkdir()
    (cluster / "content").write_text(content)


def run(state: Path, code: str, *words: str) -> int:
    variables = os.environ | {"STATE_DIR": str(state)}
    return subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, env=variables, check=False).returncode


def contents(state: Path) -> dict[str, str]:
    return {path.name: (path / "content").read_text() for path in state.iterdir()}


def test_the_new_cluster_takes_the_place_and_the_old_one_is_kept(state: Path) -> None:
    assert run(state, _EXCHANGE, "os.rename", "inf") == 0

    assert contents(state) == {"postgres": "new", "postgres.15": "old"}
    assert run(state, _COMPLETE) == 0
    assert contents(state) == {"postgres": "new", "postgres.15": "old"}


@pytest.mark.parametrize(
    ("renames", "then"),
    [
        (0, {"postgres": "old"}),
        (1, {"postgres": "old"}),
        (2, {"postgres": "new", "postgres.15": "old"}),
    ],
)
def test_an_exchange_that_was_killed_is_undone_or_completed(state: Path, renames: int, then: dict[str, str]) -> None:
    assert run(state, _EXCHANGE, "os.rename", str(renames)) == -signal.SIGKILL

    assert run(state, _COMPLETE) == 0
    assert contents(state) == then
    assert run(state, _COMPLETE) == 0
    assert contents(state) == then


def test_a_cluster_that_is_deleted_has_no_name_that_anybody_reads(state: Path) -> None:
    make(state / "postgres.15", "kept")

    assert run(state, _REMOVE, "shutil.rmtree", "0") == -signal.SIGKILL

    assert not (state / "postgres.15").exists()
    assert len(list(state.glob("postgres.new.*/postgres.15"))) == 1


def test_only_clusters_of_a_version_count_as_kept(state: Path) -> None:
    make(state / "postgres.15", "kept")
    make(state / "postgres.next", "new")
    (state / "postgres.16").touch()

    found = subprocess.run(
        [sys.executable, "-c", "from stack.upgrade import exchange; print(*(p.name for p in exchange.all_kept()))"],
        cwd=ROOT,
        env=os.environ | {"STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout == "postgres.15\n"
