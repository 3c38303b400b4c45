"""`just setup` installs a git hook, and leaves every hook that is not its own as it is."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.commands import git_hook
from stack.errors import StackError

Git = Callable[..., "subprocess.CompletedProcess[str]"]
MINE = "#!/bin/sh\necho mine\n"


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return git for a user whose configuration is this test's own."""
    (tmp_path / "home").mkdir()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))

    def run(*words: str, at: Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        return subprocess.run(["git", *who, *words], cwd=at, check=check, capture_output=True, text=True)

    return run


@pytest.fixture
def checkout(git: Git, tmp_path: Path) -> Path:
    """Return a repository with a ./just that prints what it was called with."""
    root = tmp_path / "checkout"
    root.mkdir()
    git("init", "--quiet", at=root)
    (root / "just").write_text('#!/bin/sh\necho "just $*"\n')
    (root / "just").chmod(0o755)
    git("add", "just", at=root)
    return root


def commit(git: Git, at: Path) -> str:
    done = git("commit", "--allow-empty", "-m", "A commit", at=at)
    return done.stdout + done.stderr


def write_hook(path: Path, content: str = MINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def refusal(root: Path) -> str:
    with pytest.raises(StackError) as refused:
        git_hook.install(root)
    return str(refused.value)


def test_a_commit_runs_the_checks_after_setup(git: Git, checkout: Path) -> None:
    assert git_hook.install(checkout) == checkout / ".git/hooks/pre-commit"

    assert "just hook pre-commit hook-impl" in commit(git, checkout)


def test_a_repetition_of_setup_changes_nothing_and_replaces_the_hook_of_an_earlier_version(checkout: Path) -> None:
    hook = git_hook.install(checkout)
    hook.write_text("#!/bin/sh\nexec ./just hook pre-commit hook-impl --config .pre-commit-config.yaml\n")

    for _ in range(2):
        assert git_hook.install(checkout).read_text() == git_hook.HOOK


def test_the_global_hook_of_a_user_is_not_overwritten(git: Git, checkout: Path, tmp_path: Path) -> None:
    everywhere = write_hook(tmp_path / "home/hooks/pre-commit")
    git("config", "--global", "core.hooksPath", str(everywhere.parent), at=checkout)

    said = refusal(checkout)

    assert everywhere.read_text() == MINE
    assert str(everywhere.parent) in said
    assert str(tmp_path / "home/.gitconfig") in said
    git("init", "--quiet", str(tmp_path / "other"), at=tmp_path)
    assert "mine" in commit(git, tmp_path / "other")


def test_an_empty_global_directory_of_hooks_stays_empty(git: Git, checkout: Path, tmp_path: Path) -> None:
    git("config", "--global", "core.hooksPath", "~/hooks", at=checkout)

    assert "Nothing was changed" in refusal(checkout)
    assert not (tmp_path / "home/hooks").exists()


def test_what_setup_says_to_type_gives_the_checkout_hooks_of_its_own(git: Git, checkout: Path, tmp_path: Path) -> None:
    write_hook(tmp_path / "home/hooks/pre-commit")
    git("config", "--global", "core.hooksPath", "~/hooks", at=checkout)
    command = refusal(checkout).splitlines()[-1]

    subprocess.run(["sh", "-c", command], cwd=checkout, check=True)
    git_hook.install(checkout)

    assert "just hook" in commit(git, checkout)


def test_the_line_that_setup_says_to_add_runs_the_checks_here_and_nothing_elsewhere(
    git: Git, checkout: Path, tmp_path: Path
) -> None:
    mine = write_hook(checkout / ".git/hooks/pre-commit")
    line = refusal(checkout).splitlines()[-1].strip()

    everywhere = write_hook(tmp_path / "home/hooks/pre-commit", f"{MINE}{line}\n")
    git("config", "--global", "core.hooksPath", str(everywhere.parent), at=checkout)
    git("init", "--quiet", str(tmp_path / "other"), at=tmp_path)

    assert mine.read_text() == MINE
    assert "just hook pre-commit run" in commit(git, checkout)
    assert "just" not in commit(git, tmp_path / "other")


@pytest.mark.parametrize("target", ["home/mine", "home/missing"])
def test_a_hook_that_is_a_link_is_not_written_through(checkout: Path, tmp_path: Path, target: str) -> None:
    write_hook(tmp_path / "home/mine")
    hook = checkout / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(tmp_path / target)

    assert "was not changed" in refusal(checkout)
    assert hook.is_symlink()
    assert (tmp_path / "home/mine").read_text() == MINE
    assert not (tmp_path / "home/missing").exists()


def test_a_linked_directory_of_hooks_is_left_alone(git: Git, tmp_path: Path) -> None:
    (tmp_path / "home/hooks").mkdir()
    git("init", "--quiet", "--template=", str(tmp_path / "linked"), at=tmp_path)
    (tmp_path / "linked/.git/hooks").symlink_to(tmp_path / "home/hooks")

    assert str(tmp_path / "home/hooks") in refusal(tmp_path / "linked")
    assert list((tmp_path / "home/hooks").iterdir()) == []


def test_a_worktree_shares_the_hook_and_a_branch_without_the_wrapper_can_commit(
    git: Git, checkout: Path, tmp_path: Path
) -> None:
    commit(git, checkout)
    git("worktree", "add", "--quiet", str(tmp_path / "tree"), at=checkout)

    assert git_hook.install(tmp_path / "tree") == checkout / ".git/hooks/pre-commit"

    assert "just hook" in commit(git, tmp_path / "tree")
    git("rm", "--quiet", "just", at=tmp_path / "tree")
    assert "just hook" not in commit(git, tmp_path / "tree")


def test_a_repository_that_the_environment_names_is_left_alone(
    git: Git, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "--quiet", str(tmp_path / "other"), at=tmp_path)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))

    assert git_hook.install(checkout) == checkout / ".git/hooks/pre-commit"
    assert not (tmp_path / "other/.git/hooks/pre-commit").exists()


def test_a_directory_of_a_larger_repository_does_not_set_its_hooks(checkout: Path) -> None:
    (checkout / "services/api").mkdir(parents=True)

    assert str(checkout) in refusal(checkout / "services/api")
    assert not (checkout / ".git/hooks/pre-commit").exists()


def test_without_a_repository_it_says_so(tmp_path: Path, git: Git) -> None:
    assert "needs a repository" in refusal(tmp_path)
