"""The workflows: what they may do, what they pin, and that they go all the ways in."""

import re
from typing import Any

import pytest
import yaml

from tests.environment.test_editor import RECIPES
from tests.harness.syntax import ROOT

FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in FILES}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"].values()]
CI = WORKFLOWS["ci.yml"]["jobs"]


def commands(job: dict[str, Any]) -> list[str]:
    said = [step.get("run") or step.get("with", {}).get("runCmd", "") for step in job["steps"]]
    return [line for text in said for line in text.splitlines()]


def test_actions_are_pinned_by_commit_with_their_version_and_one_action_one_way() -> None:
    uses = [line for path in FILES for line in path.read_text().splitlines() if "uses:" in line]
    pins = [re.fullmatch(r"\s*(?:- )?uses: ([\w/-]+)@([0-9a-f]{40}) # v[\d.]+", line) for line in uses]
    assert uses
    assert all(pins), [line for line, pin in zip(uses, pins, strict=True) if not pin]
    assert len({pin.groups() for pin in pins if pin}) == len({pin[1] for pin in pins if pin})


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_only_and_does_not_pile_up(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert WORKFLOWS[name]["concurrency"]["group"]


def test_only_the_proposal_of_an_update_writes_contents_and_only_the_image_is_published() -> None:
    granted = [
        (name, right) for name, job in JOBS for right, kind in job.get("permissions", {}).items() if kind == "write"
    ]
    assert granted == [
        ("ci.yml", "packages"),
        ("update-flake-lock.yml", "contents"),
        ("update-flake-lock.yml", "pull-requests"),
    ]
    (publish,) = (step["with"] for step in CI["devcontainer"]["steps"] if "imageName" in step.get("with", {}))
    assert (publish["refFilterForPush"], publish["eventFilterForPush"]) == ("refs/heads/main", "push")


def test_no_job_runs_for_ever() -> None:
    assert all(0 < job["timeout-minutes"] <= 60 for _, job in JOBS)


def test_no_token_stays_behind_in_a_checkout() -> None:
    checkouts = [step for _, job in JOBS for step in job["steps"] if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(("job", "enter"), [("nix", "nix develop --command just"), ("devcontainer", "just")])
def test_the_toolchains_jobs_start_the_stack_ask_for_its_health_test_and_stop_it(job: str, enter: str) -> None:
    said = commands(CI[job])
    steps = [next(i for i, line in enumerate(said) if line == f"{enter} {recipe}") for recipe in ("up", "test", "down")]
    health = next(i for i, line in enumerate(said) if "curl --fail" in line and "/healthz" in line)
    assert steps[0] < health < steps[1] < steps[2]


def test_the_tests_run_by_every_way_in() -> None:
    assert {name.split("-")[0] for name in CI["nix"]["strategy"]["matrix"]["os"]} == {"ubuntu", "macos"}
    assert "./just test" in commands(CI["wheels"])
    assert "./just ci" in commands(CI["all"])


def test_a_clone_with_crlf_starts_the_stack_and_builds_the_image() -> None:
    said = commands(CI["crlf"])
    assert said[0] == "git config --global core.autocrlf true"
    assert "./just up" in said
    assert any(line.startswith("docker build") for line in said)


def test_wheels_and_image_are_cached() -> None:
    cached = {
        step["with"]["path"].split()[0]
        for _, job in JOBS
        for step in job["steps"]
        if "actions/cache" in step.get("uses", "")
    }
    assert cached == {"~/.cache/uv"}
    (image,) = (step["with"] for step in CI["devcontainer"]["steps"] if "imageName" in step.get("with", {}))
    assert image["cacheFrom"] == image["imageName"]


def test_every_recipe_that_a_workflow_calls_exists() -> None:
    called = {word for _, job in JOBS for text in commands(job) for word in re.findall(r"\bjust ([a-z-]+)", text)}
    assert {"up", "down", "test", "ci", "check-nix"} <= called <= set(RECIPES)


def test_dependabot_watches_actions_packages_and_the_base_image() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    watched = {update["package-ecosystem"]: update["directory"] for update in updates}
    assert watched == {"github-actions": "/", "uv": "/", "docker": "/.devcontainer"}
    assert (ROOT / ".devcontainer/base.Dockerfile").is_file()
