"""Processes whose environment cannot be read are known by the record of pids, their children by their parent.

The observer runs without the right to look into others' memory. What it looks for has forbidden that (prctl(2),
PR_SET_DUMPABLE): Linux hides its environment then, as macOS does that of its system programs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checkout import paths
from stack.processes import discovery, pid_records
from stack.programs import start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hides its environment by prctl")

# Leads a group of its own and has one child, as the supervisor starts programs; both hide their environment.
_HIDDEN = """
import ctypes, os, time
os.setpgid(0, 0)
ctypes.CDLL(None).prctl(4, 0)
child = os.fork()
if child:
    print(child, flush=True)
else:
    {child}
time.sleep(60)
"""
_OBSERVER = """
import os, sys
from pathlib import Path
from checkout import paths
from stack.processes import discovery
paths.STATE = Path(sys.argv[1])
paths.PID_RECORDS = paths.STATE / "pids"
for process in discovery.processes(sys.argv[2]):
    print(process.pid)
"""
# Root may look into everything, without these rights into its own.
_AS_A_USER = ("setpriv", "--bounding-set=-sys_ptrace,-sys_admin,-perfmon") if os.geteuid() == 0 else ()


class Hidden:
    """A process that hides, and its child."""

    def __init__(self, child: str = "pass") -> None:
        """Start both, and wait until they hide."""
        command = [sys.executable, "-c", _HIDDEN.format(child=child)]
        self.process = subprocess.Popen(command, env={"PATH": os.defpath}, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.pid = self.process.pid
        self.child = int(self.process.stdout.readline())

    def end(self) -> None:
        if psutil.pid_exists(self.child):
            os.kill(self.child, 9)
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "state").mkdir()
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    monkeypatch.setattr(paths, "PID_RECORDS", tmp_path / "state" / "pids")
    return tmp_path / "state"


@pytest.fixture(params=["pass", "os.setsid()"], ids=["in the group", "in a session of its own"])
def hidden(request: pytest.FixtureRequest) -> Iterator[Hidden]:
    hidden = Hidden(request.param)
    yield hidden
    hidden.end()


def observed(state: Path, program: str = "") -> set[int]:
    command = [*_AS_A_USER, sys.executable, "-c", _OBSERVER, str(state), program]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=True)
    return {int(line) for line in done.stdout.split()}


def test_its_environment_is_hidden_indeed(hidden: Hidden) -> None:
    look = f"import psutil; print(psutil.Process({hidden.pid}).environ())"

    done = subprocess.run([*_AS_A_USER, sys.executable, "-c", look], capture_output=True, text=True, check=False)

    assert "AccessDenied" in done.stderr


def test_a_process_on_record_is_ours_and_so_is_its_child(state: Path, hidden: Hidden) -> None:
    assert observed(state) == set()

    pid_records.write("web", hidden.pid)

    assert observed(state) == {hidden.pid, hidden.child}
    assert observed(state, "web") == {hidden.pid, hidden.child}
    assert observed(state, "worker") == set()


def test_the_children_of_one_that_was_killed_are_still_ours(state: Path) -> None:
    hidden = Hidden()
    pid_records.write("worker", hidden.pid)
    os.kill(hidden.pid, 9)
    hidden.process.wait()

    assert observed(state) == {hidden.child}
    hidden.end()


def test_a_pid_that_was_given_to_another_program_is_left_alone(state: Path, hidden: Hidden) -> None:
    pid_records.write("web", hidden.pid)
    record = state / "pids/web.json"
    started = pid_records.started(hidden.pid)
    record.write_text(record.read_text().replace(f'"started": {started}', f'"started": {started - 1}'))

    assert observed(state) == set()


def test_a_copy_of_the_state_does_not_own_the_processes_of_the_original(state: Path, hidden: Hidden) -> None:
    pid_records.write("web", hidden.pid)

    assert observed(Path(shutil.copytree(state, state.with_name("copy")))) == set()
    assert observed(state.rename(state.with_name("moved"))) == {hidden.pid, hidden.child}


@pytest.mark.parametrize("field", ["boot", "namespace"])
def test_a_record_of_another_boot_or_container_counts_for_nothing(state: Path, hidden: Hidden, field: str) -> None:
    pid_records.write("web", hidden.pid)
    record = state / "pids/web.json"
    record.write_text(record.read_text().replace(f'"{field}": "', f'"{field}": "another '))

    assert observed(state) == set()


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"pid": 1}'])
def test_a_damaged_record_counts_for_nothing(state: Path, content: str) -> None:
    (state / "pids").mkdir()
    (state / "pids/web.json").write_text(content)

    assert pid_records.read() == {}


def test_a_process_that_hides_is_ended_with_the_stack(state: Path, hidden: Hidden) -> None:
    pid_records.write("web", hidden.pid)

    end = f"{_OBSERVER}\ndiscovery.end(discovery.processes(), dict())"
    command = [*_AS_A_USER, sys.executable, "-c", end, str(state), ""]
    subprocess.run(command, cwd=paths.ROOT, capture_output=True, check=True)

    assert not any(discovery.is_alive(psutil.Process(pid)) for pid in (hidden.pid,))
    assert not psutil.pid_exists(hidden.child) or not discovery.is_alive(psutil.Process(hidden.child))


def test_programs_that_fork_are_told_to_on_macos_alone() -> None:
    assert start.for_forking("darwin") == {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}
    assert start.for_forking("linux") == {}
