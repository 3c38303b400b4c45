"""`just setup`: installs the git hook if this checkout has hooks of its own, and overwrites no other hook."""

import os
import subprocess
from pathlib import Path

from checkout import paths
from stack.errors import StackError

# It calls ./just and contains no path, so that the host, the dev container and all worktrees can share it. A branch
# without ./just has nothing to check.
HOOK = """#!/bin/sh
[ -x ./just ] || exit 0
exec ./just hook pre-commit hook-impl --config .pre-commit-config.yaml --hook-type pre-commit \
--hook-dir "${0%/*}" -- "$@"
"""
# Identifies our own hook, also that of an earlier version.
_OURS = "exec ./just hook pre-commit hook-impl "
_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
_UNCHANGED = "Nothing was changed."
_LINE = "[ ! -x ./just ] || ./just hook pre-commit run || exit 1"


def install(root: Path = paths.ROOT) -> Path:
    """Install the hook and return its path. Raises StackError if a hook or its directory is not this checkout's."""
    hooks = _own_hooks(root)
    hook = hooks / "pre-commit"
    if _is_there(hook) and not _is_ours(hook):
        raise StackError(
            f"{hook} is a hook of your own. It was not changed. To run the checks, too, add this line to it:\n  {_LINE}"
        )
    hooks.mkdir(exist_ok=True)
    hook.write_text(HOOK)
    hook.chmod(0o755)
    return hook


def _own_hooks(root: Path) -> Path:
    """Return the directory of this repository's hooks. Raises StackError if other repositories may share it."""
    top = Path(_git(root, "rev-parse", "--show-toplevel"))
    if top.resolve() != root.resolve():
        raise StackError(f"{root} is a part of the repository {top}, whose hooks are not this project's. {_UNCHANGED}")
    own = (root / _git(root, "rev-parse", "--git-common-dir")).resolve() / "hooks"
    used = root / _git(root, "rev-parse", "--git-path", "hooks")
    if used.resolve() == own:
        return own
    raise StackError(
        f"git takes the hooks of this checkout from {used.resolve()}{_reason(root)}, and other repositories may, too."
        f" {_UNCHANGED} Either add this line to the pre-commit hook there:\n  {_LINE}\nor give this checkout hooks of"
        f" its own, in place of those, and repeat `just setup`:\n  {_own_instead(own)}"
    )


def _reason(root: Path) -> str:
    setting = _git(root, "config", "--show-origin", "--get", "core.hooksPath", allowed=(0, 1))
    return f" (core.hooksPath in {setting.split(chr(9))[0].removeprefix('file:')})" if setting else ""


def _own_instead(own: Path) -> str:
    return f"rm '{own}' && mkdir '{own}'" if own.is_symlink() else f"git config core.hooksPath '{own}'"


def _is_there(hook: Path) -> bool:
    return hook.is_symlink() or hook.exists()


def _is_ours(hook: Path) -> bool:
    return hook.is_file() and not hook.is_symlink() and _OURS in hook.read_text(errors="replace")


def _git(root: Path, *words: str, allowed: tuple[int, ...] = (0,)) -> str:
    # Exported by a hook of another repository, or for a repository of dotfiles.
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StackError(f"git does not run here ({error}). Install it, then: just setup") from error
    if done.returncode not in allowed:
        raise StackError(f"`just setup` needs a repository, and git says: {done.stderr.strip()} {_UNCHANGED}")
    return done.stdout.strip()
