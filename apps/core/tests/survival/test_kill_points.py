import json
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import pytest
from django.conf import settings

_RUN = """
import sys
from pathlib import Path
from apps.core.survival.kill_points import KillPoints

directory, when = Path(sys.argv[1]), sys.argv[2]
points = KillPoints(__file__, directory / "steps", (1, when) if when else None)
with points.step("mail", "one"):
    (directory / "one").touch()
with points.step("message", "two"):
    (directory / "two").touch()
(directory / "end").touch()
"""


def run(directory: Path, when: str) -> tuple[int, set[str], list[dict[str, object]]]:
    """Return the exit status, what was done, and the steps that were written down."""
    script = directory / "script.py"
    script.write_text(_RUN)
    given = {"PYTHONPATH": str(settings.BASE_DIR), "ENVIRONMENT": "test", "DJANGO_SETTINGS_MODULE": "conf.settings"}
    command = [sys.executable, str(script), str(directory), when]
    done = subprocess.run(command, check=False, env=given)  # noqa: S603 - of this test
    found = {file.name for file in directory.iterdir()} & {"one", "two", "end"}
    return done.returncode, found, [json.loads(line) for line in (directory / "steps").read_text().splitlines()]


@pytest.mark.parametrize(
    ("when", "status", "done", "kinds"),
    [
        ("before", -SIGKILL, {"one"}, ["mail", "message", "death"]),
        ("after", -SIGKILL, {"one", "two"}, ["mail", "message", "death"]),
        ("", 0, {"one", "two", "end"}, ["mail", "message"]),
    ],
)
def test_the_process_dies_before_or_after_the_chosen_step(
    tmp_path: Path, when: str, status: int, done: set[str], kinds: list[str]
) -> None:
    found = run(tmp_path, when)
    assert found[:2] == (status, done)
    assert [step["kind"] for step in found[2]] == kinds


def test_a_step_has_the_line_that_is_at_work(tmp_path: Path) -> None:
    _, _, (first, _) = run(tmp_path, "")
    line = 'with points.step("mail", "one"):'
    assert first["place"] == {
        "file": str(tmp_path / "script.py"),
        "line": _RUN.splitlines().index(line) + 1,
        "text": line,
    }
