"""The editor's tasks and launches against the recipes that they call."""

import re

from stack.commands import debug
from tests.harness.syntax import ROOT, json_with_comments

TASKS = json_with_comments((ROOT / ".vscode/tasks.json").read_text())["tasks"]
LAUNCHES = json_with_comments((ROOT / ".vscode/launch.json").read_text())["configurations"]
RECIPES = re.findall(r"^@?([a-z][a-z-]*)(?: [^:=]*)?:", (ROOT / "justfile").read_text(), re.MULTILINE)


def test_every_task_is_a_recipe() -> None:
    called = {word for task in TASKS for word in re.findall(r"\./just (\S+)", task["command"])}
    assert {"up", "down", "logs", "test"} <= called <= set(RECIPES)


def test_the_tasks_before_and_after_a_launch_exist() -> None:
    named = {launch[key] for launch in LAUNCHES for key in ("preLaunchTask", "postDebugTask") if key in launch}
    assert named
    assert named <= {task["label"] for task in TASKS}


def test_the_editor_attaches_where_the_debugger_listens() -> None:
    attached = {launch["name"].split()[0]: launch["connect"]["port"] for launch in LAUNCHES if "connect" in launch}
    assert attached == debug.PORTS


def test_what_is_launched_is_what_the_recipe_debugs() -> None:
    launched = {launch["name"].split()[0]: launch["args"] for launch in LAUNCHES if launch["request"] == "launch"}
    assert launched["web"] == debug.PROGRAMS["web"][1:]
    assert launched["worker"] == debug.PROGRAMS["worker"][2:]
