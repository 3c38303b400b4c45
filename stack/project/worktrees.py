"""`just worktree` and `just worktrees`: checkouts of this repository side by side, each with its own stack and data."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from checkout import paths
from stack import git
from stack.console import say, step, table
from stack.data import base_backup
from stack.errors import StackError
from stack.lifecycle import up_down
from stack.settings import environment, external_servers

# A checkout of its own finds a free port.
_PORTS = re.compile(r"^[ \t]*(export[ \t]+)?(PORT|POSTGRES_PORT|REDIS_PORT)[ \t]*=.*\n?", re.MULTILINE)

# What the name of a directory need not have; letters of any language may stay.
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Worktree:
    """A checkout of the repository: its branch (empty without one), its port (0 if it never ran), whether it runs."""

    path: str
    branch: str
    runs: bool
    port: int
    data_mb: int
    memory_mb: int

    @property
    def state(self) -> Path:
        """Return where it keeps its state, unless STATE_DIR says otherwise."""
        return Path(self.path) / ".state"


def make(branch: str) -> None:
    """Make a worktree of a branch, new or not, beside this checkout, with a copy of this checkout's database."""
    _require_own_state()
    git.require_repository()
    path = paths.ROOT.parent / f"{paths.ROOT.name}-{_NOT_IN_NAMES.sub('-', branch)}"
    if path.exists():
        raise StackError(f"{path} is there already, and was left as it is. See: just worktrees")
    if git.run("check-ref-format", "--branch", branch).returncode:
        raise StackError(f"{branch!r} cannot be the name of a branch. Nothing was done. An example: feature/orders")
    settings = environment.read()
    is_new = not git.commit(f"refs/heads/{branch}")
    with step(f"worktree of {branch}", spinner=False):
        git.git("worktree", "add", *_checkout_of(branch, path))
    try:
        _copy(path, with_database="postgres" in external_servers.managed(settings))
    except BaseException:
        # Without its data it would look complete.
        git.run("worktree", "remove", "--force", str(path))
        if is_new:
            git.run("branch", "--delete", "--force", branch)
        raise
    say(f"made {path}. Its tasks, mails and Redis are its own; the queue stays here. Next: cd {path} && ./just up")


def remove(name: str) -> None:
    """Stop a worktree's stack and delete it with its data; its branch stays."""
    found = _find(name)
    if Path(found.path) in (paths.ROOT, _main()):
        raise StackError(f"{found.path} is this checkout, or the repository itself. Nothing was done.")
    # Somebody may have deleted the directory; then Git forgets it.
    is_there = Path(found.path).is_dir()
    if is_there:
        _require_saved(found)
    if found.runs and is_there:
        with step(f"stop {found.path}"):
            _down(found)
    git.git("worktree", "remove", found.path)
    # What is not under version control, and was written while Git deleted.
    shutil.rmtree(found.path, ignore_errors=True)
    say(f"removed {found.path}." + (f" The branch {found.branch} is still there" if found.branch else ""))


def _require_saved(found: Worktree) -> None:
    """Raise StackError if there are changes, or commits of a detached HEAD, that are nowhere else."""
    unsaved = git.git("-C", found.path, "status", "--porcelain").strip()
    if unsaved:
        raise StackError(f"{found.path} has changes that are not committed. Nothing was done. They are:\n{unsaved}")
    commits = git.git("-C", found.path, "log", "--oneline", "HEAD", "--not", "--branches", "--tags", "--remotes")
    if commits:
        raise StackError(
            f"{found.path} has commits that are on no branch. Nothing was done. To keep them:"
            f" git -C {found.path} branch NAME. They are:\n{commits.strip()}"
        )


def show(*, as_json: bool = False) -> None:
    """List the checkouts of this repository."""
    git.require_repository()
    found = list(listed())
    if as_json:
        say(json.dumps([asdict(worktree) for worktree in found], indent=1))
        return
    head = ("CHECKOUT", "BRANCH", "STATE", "URL", "DATA", "MEMORY")
    say(table([head, *(_row(worktree) for worktree in found)]))


def listed() -> Iterator[Worktree]:
    """Yield the checkouts of this repository, the first one first."""
    memory = _memory()
    for block in git.git("worktree", "list", "--porcelain").strip().split("\n\n"):
        lines = dict(line.partition(" ")[::2] for line in block.splitlines())
        path = lines["worktree"]
        branch = lines.get("branch", "").removeprefix("refs/heads/")
        state = paths.STATE if Path(path) == paths.ROOT else Path(path) / ".state"
        used = memory.get(str(state), 0.0)
        yield Worktree(path, branch, used > 0, _port(state), _megabytes(state / "postgres"), round(used))


def _require_own_state() -> None:
    if "STATE_DIR" in os.environ:
        raise StackError(
            "STATE_DIR is set, so that every checkout would have the same data. Nothing was done. Outside of the dev"
            " container it is not set; inside of it use: git switch, and just snapshot"
        )


def _checkout_of(branch: str, path: Path) -> list[str]:
    """Return the arguments of `git worktree add` for a branch that is here, on a remote, or new."""
    if git.commit(f"refs/heads/{branch}"):
        return [str(path), branch]
    remote = git.git("for-each-ref", "--format=%(refname:short)", f"refs/remotes/*/{branch}").split()
    return ["-b", branch, str(path), *(["--track", remote[0]] if remote else [])]


def _copy(path: Path, *, with_database: bool) -> None:
    state = path / ".state"
    state.mkdir(mode=0o700)
    if paths.DOTENV.is_file():
        (path / ".env").write_text(_PORTS.sub("", paths.DOTENV.read_text()))
        (path / ".env").chmod(0o600)
    if (tools := paths.STATE / "tools").is_dir():
        # Linked: the wrapper corrects the paths of an environment that was moved.
        shutil.copytree(tools, state / "tools", symlinks=True, copy_function=_link)
    if with_database and paths.POSTGRES_DATA.is_dir():
        with up_down.with_servers("worktree"), step("copy the database"):
            base_backup.take(state / "postgres")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _down(found: Worktree) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STACK_")}
    done = subprocess.run(["./just", "down"], cwd=found.path, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{found.path} was not stopped, and is still there: {done.stderr.strip()}")


def _find(name: str) -> Worktree:
    found = list(listed())
    for worktree in found:
        if name in {worktree.branch, worktree.path, Path(worktree.path).name} - {""}:
            return worktree
    names = ", ".join(worktree.branch or Path(worktree.path).name for worktree in found)
    raise StackError(f"there is no worktree {name!r}. Nothing was done. There are: {names}")


def _main() -> Path:
    return Path(next(listed()).path)


def _port(state: Path) -> int:
    try:
        return int((state / "port").read_text())
    except (OSError, ValueError):
        return 0


def _megabytes(directory: Path) -> int:
    files = (file for file in directory.rglob("*") if file.is_file())
    return round(sum(file.stat().st_size for file in files) / 1e6)


def _memory() -> dict[str, float]:
    """Return the memory (MB) of the processes of each checkout, by its state directory."""
    found: dict[str, float] = {}
    for process in psutil.process_iter():
        try:
            state = process.environ().get("STACK_STATE")
            if state:
                found[state] = found.get(state, 0.0) + process.memory_info().rss / 1e6
        except psutil.Error:
            continue
    return found


def _row(worktree: Worktree) -> tuple[str, ...]:
    state = "running" if worktree.runs else "stopped"
    url = f"http://localhost:{worktree.port}" if worktree.port and worktree.runs else "-"
    memory = f"{worktree.memory_mb} MB" if worktree.runs else "-"
    branch = worktree.branch or "(no branch)"
    return (Path(worktree.path).name, branch, state, url, f"{worktree.data_mb} MB", memory)
