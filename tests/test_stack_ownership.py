"""One server on a data directory: the lock that its children keep, and the stamp for other machines."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from stack import ownership, place
from stack.errors import StackError

# Claims the directory, starts a child and is killed: as a server that leaves its workers behind.
_SERVER = """
import os, signal, subprocess, sys
from pathlib import Path
from stack import ownership
ownership.claim(Path(sys.argv[1]), seconds=0)
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def leave_stamp(data: Path, **changes: str) -> None:
    data.with_name("data.stamp").write_text(json.dumps(asdict(place.here()) | {"since": "2020-01-01"} | changes))


def test_a_directory_that_somebody_has_is_refused(data: Path) -> None:
    descriptor = ownership.claim(data, seconds=0)

    with pytest.raises(StackError, match="is in use by a server in this machine"):
        ownership.claim(data, seconds=0)

    os.close(descriptor)
    ownership.require_free(data)


def test_the_children_of_a_killed_server_still_have_it(data: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SERVER, data], stdout=subprocess.PIPE, text=True, check=False)
    child = int(done.stdout)

    with pytest.raises(StackError, match="in use"):
        ownership.claim(data, seconds=0)

    os.kill(child, 9)
    os.close(ownership.claim(data, seconds=5))


def test_another_machine_may_still_have_what_its_stamp_names(data: Path) -> None:
    leave_stamp(data, host="laptop", boot="another")

    with pytest.raises(StackError, match=r"laptop.*rm '.*data\.stamp'"):
        ownership.require_free(data)


def test_a_rebuilt_dev_container_has_what_the_one_before_has_left_open(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVCONTAINER_ID", "1q2w3e")
    leave_stamp(data, host="0123456789ab", boot="before the restart", namespace="pid:[1]")

    ownership.require_free(data)


def test_another_dev_container_may_still_have_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVCONTAINER_ID", "another checkout's")
    leave_stamp(data, boot="another")
    monkeypatch.setenv("DEVCONTAINER_ID", "1q2w3e")

    with pytest.raises(StackError, match="another machine"):
        ownership.require_free(data)


def test_a_dev_container_and_its_host_are_not_the_same_machine(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVCONTAINER_ID", "1q2w3e")
    leave_stamp(data, boot="another", machine="", host="laptop")

    with pytest.raises(StackError, match="laptop"):
        ownership.require_free(data)


def test_a_renamed_mac_has_what_it_has_left_open(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As ioreg(8) prints it; the name comes from the network, the UUID from the hardware.
    said = '  |   "IOPlatformUUID" = "5C6F1E0B-1D9A-5E0C-9B55-7D0F3C1B2A90"\n  |   "IOPlatformSerialNumber" = "C02"'
    mac = place.hardware_uuid_in(said)
    monkeypatch.setattr(place, "machine", lambda: mac)
    leave_stamp(data, host="dhcp-17.example.com", boot="1795000000")

    ownership.require_free(data)

    assert mac == "Mac 5C6F1E0B-1D9A-5E0C-9B55-7D0F3C1B2A90"
    assert place.hardware_uuid_in("no such device") == ""


@pytest.mark.parametrize("changes", [{}, {"host": "another container"}, {"boot": "before the restart"}])
def test_the_stamp_of_this_machine_is_stale_when_the_lock_is_free(data: Path, changes: dict[str, str]) -> None:
    leave_stamp(data, **changes)

    ownership.require_free(data)


def test_a_server_that_ended_well_leaves_no_stamp(data: Path) -> None:
    ownership.stamp(data)
    assert ownership.holder(data)["host"] == place.here().host

    ownership.release(data)

    assert ownership.holder(data) == {}


def test_the_stamp_of_somebody_else_stays(data: Path) -> None:
    leave_stamp(data, boot="another")

    ownership.release(data)

    assert ownership.holder(data)["boot"] == "another"


@pytest.mark.parametrize("content", ["", "no json", "[]"])
def test_a_damaged_stamp_counts_for_nothing(data: Path, content: str) -> None:
    data.with_name("data.stamp").write_text(content)

    ownership.require_free(data)
