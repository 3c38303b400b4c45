"""Whether a process that another one has named has ended."""

import os
import subprocess
import sys
import time

import pytest

from checkout import process_identity
from checkout.process_identity import Identity, has_ended, here, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


def identity_of(pid: int) -> Identity:
    mine = here()
    assert mine
    return mine._replace(pid=pid, started=started(pid))


def test_this_process_runs() -> None:
    mine = here()
    assert mine
    assert (mine.pid, has_ended(mine)) == (os.getpid(), False)
    # As it comes back from JSON.
    assert not has_ended(Identity(*list(mine)))


def test_a_process_that_was_killed_has_ended_also_as_a_zombie() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        found = identity_of(child.pid)
        assert not has_ended(found)
        child.kill()
        deadline = time.monotonic() + 5
        while not has_ended(found) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert has_ended(found), "before anybody has waited for it"
        child.wait()
        assert has_ended(found)


def test_another_process_of_the_same_pid_is_not_the_same() -> None:
    mine = here()
    assert mine
    assert has_ended(mine._replace(started=mine.started - 1))


@pytest.mark.parametrize("elsewhere", [{"boot": "another boot"}, {"namespace": "pid:[1]"}])
def test_of_a_process_elsewhere_nothing_is_known(elsewhere: dict[str, str]) -> None:
    mine = here()
    assert mine
    assert not has_ended(mine._replace(pid=2**22 + 1, **elsewhere))


def test_without_proc_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = here()
    assert mine
    monkeypatch.setattr(process_identity, "BOOT_ID", process_identity.BOOT_ID / "missing")
    assert here() is None
    assert not has_ended(mine._replace(pid=2**22 + 1))
