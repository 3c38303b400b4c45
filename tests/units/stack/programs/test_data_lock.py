"""One server on a data directory: the lock that its children keep, and the stamp for other machines."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from checkout import paths
from stack.errors import StackError
from stack.processes import machine
from stack.programs import data_lock

# Claims the directory, starts a child and is killed: as a server that leaves its workers behind.
_SERVER = """
import os, signal, subprocess, sys
from pathlib import Path
from stack.programs import data_lock
data_lock.claim(Path(sys.argv[1]), seconds=0)
child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

_IOREG = """
+-o J314sAP  <class IOPlatformExpertDevice, id 0x10000026a, registered, matched, active, busy 0 (0 ms), retain 36>
    {
      "manufacturer" = <"Apple Inc.">
      "IOPlatformSerialNumber" = "XXXXXXXXXX"
      "IOPlatformUUID" = "0C1B2A39-4857-6675-8493-A2B1C0D9E8F7"
    }
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STACK_MACHINE_ID", raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def leave_stamp(data: Path, **changes: str) -> None:
    data.with_name("data.stamp").write_text(json.dumps(asdict(machine.here()) | {"since": "2020-01-01"} | changes))


def test_a_directory_that_somebody_has_is_refused(data: Path) -> None:
    descriptor = data_lock.claim(data, seconds=0)

    with pytest.raises(StackError, match="is in use by a server in this machine"):
        data_lock.claim(data, seconds=0)

    os.close(descriptor)
    data_lock.require_free(data)


def test_the_children_of_a_killed_server_still_have_it(data: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SERVER, data], stdout=subprocess.PIPE, text=True, check=False)
    child = int(done.stdout)

    with pytest.raises(StackError, match="in use"):
        data_lock.claim(data, seconds=0)

    os.kill(child, 9)
    os.close(data_lock.claim(data, seconds=5))


def test_another_machine_may_still_have_what_its_stamp_names(data: Path) -> None:
    leave_stamp(data, host="laptop", boot="another")

    with pytest.raises(StackError, match=r"laptop.*rm '.*data\.stamp'"):
        data_lock.require_free(data)


@pytest.mark.parametrize("changes", [{}, {"host": "another container"}, {"boot": "before the restart"}])
def test_the_stamp_of_this_machine_is_stale_when_the_lock_is_free(data: Path, changes: dict[str, str]) -> None:
    leave_stamp(data, **changes)

    data_lock.require_free(data)


def test_a_rebuilt_container_goes_on_with_its_data_after_a_reboot(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_MACHINE_ID", "1s2f3")
    leave_stamp(data, host="0af31c9", boot="before the reboot", namespace="pid:[4]")

    data_lock.require_free(data)


def test_another_container_on_another_machine_may_live(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_MACHINE_ID", "1s2f3")
    leave_stamp(data, host="0af31c9", boot="another")
    monkeypatch.setenv("STACK_MACHINE_ID", "another")

    with pytest.raises(StackError, match="0af31c9"):
        data_lock.require_free(data)


def test_a_mac_that_dhcp_has_renamed_goes_on_with_its_data(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "machine", lambda: machine.hardware_uuid(_IOREG))
    leave_stamp(data, host="adas-mac.fritz.box", boot="another")

    data_lock.require_free(data)


def test_stamps_that_name_no_machine_do_not_match_one_another(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "machine", str)
    leave_stamp(data, host="laptop", boot="another")

    with pytest.raises(StackError, match="laptop"):
        data_lock.require_free(data)


def test_the_dev_container_hands_in_its_own_id() -> None:
    configuration = (paths.ROOT / ".devcontainer/devcontainer.json").read_text()

    assert '"STACK_MACHINE_ID": "${devcontainerId}"' in configuration


def test_the_stamp_stays_as_long_as_a_server_has_the_directory(data: Path) -> None:
    descriptor = data_lock.claim(data, seconds=0)
    data_lock.stamp(data)

    data_lock.release(data)

    assert data_lock.holder(data)["pid"] == str(os.getpid())
    os.close(descriptor)
    data_lock.release(data)
    assert data_lock.holder(data) == {}


def test_a_server_that_ended_well_leaves_no_stamp(data: Path) -> None:
    data_lock.stamp(data)
    assert data_lock.holder(data)["host"] == machine.here().host

    data_lock.release(data)

    assert data_lock.holder(data) == {}


def test_the_stamp_of_somebody_else_stays(data: Path) -> None:
    leave_stamp(data, boot="another")

    data_lock.release(data)

    assert data_lock.holder(data)["boot"] == "another"


@pytest.mark.parametrize("content", ["", "no json", "[]"])
def test_a_damaged_stamp_counts_for_nothing(data: Path, content: str) -> None:
    data.with_name("data.stamp").write_text(content)

    data_lock.require_free(data)
