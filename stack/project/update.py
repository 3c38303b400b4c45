"""`just update-template`: take the later changes of the template, as Git merges them.

Both the commit of the template from which the project has all changes and the new one get the project's names. The
change from one to the other is a commit, which is cherry-picked: Git compares three sides, shows conflicts as ever, and
overwrites nothing. The record of the commit (template.toml) is part of the change.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stack import git
from stack.console import say
from stack.errors import StackError
from stack.project import lock, names, record
from stack.project.record import Record

# What is written by a recipe. A conflict in them is no question for people.
WRITTEN = {"docs/openapi.yml": "just schema", "docs/architecture.md": "just architecture"}


def update(revision: str = "HEAD", *, repository: str = "", base: str = "", dry_run: bool = False) -> int:
    """Merge the template's changes up to a revision; return the exit status, 1 if there are conflicts."""
    git.require_repository()
    found = _require_record(repository)
    _require_quiet_tree()
    theirs = fetch(found.repository, revision)
    ours = base_commit(found, theirs, base)
    if ours == theirs:
        say(f"the project has all changes of the template up to {theirs[:12]} already; nothing was changed")
        return 0
    log = git.git("log", "--no-merges", "--format=* %s", f"{ours}..{theirs}").strip()
    say(f"from {ours[:12]} to {theirs[:12]} of {found.repository}:\n{log or '* (no commit in between)'}")
    change = commit_of_the_change(found, ours, theirs, log)
    say(git.git("diff", "--stat", f"{change}^", change).rstrip())
    if dry_run:
        say("nothing was changed")
        return 0
    return merge(change)


def _require_record(repository: str) -> Record:
    found = record.read(git.reader("HEAD"))
    if found is None:
        raise StackError(
            f"{record.FILE} is not committed, so this is the template itself, or not renamed yet. Nothing was changed."
            " Type: just rename NAME, then git commit"
        )
    if not (repository or found.repository):
        raise StackError(
            f"{record.FILE} does not say where the template is. Nothing was changed."
            " Type: just update-template --from URL"
        )
    return Record(found.name, repository or found.repository, found.commit, found.own)


def _require_quiet_tree() -> None:
    if _picking():
        raise StackError(
            "a cherry-pick is not finished. Nothing was changed. Type: git cherry-pick --continue, or --abort"
        )
    if git.git("status", "--porcelain", "--untracked-files=no").strip():
        raise StackError("there are changes that are not committed. Nothing was changed. Commit them, or: git stash")


def _picking() -> bool:
    return bool(git.commit("CHERRY_PICK_HEAD"))


def fetch(repository: str, revision: str) -> str:
    """Fetch a branch, tag or commit of the template; return the commit's id."""
    try:
        git.git("fetch", "--quiet", "--no-tags", "--", repository, revision)
    except git.GitError as error:
        raise StackError(f"the template cannot be fetched from {repository}. Nothing was changed. {error}") from None
    return git.commit("FETCH_HEAD")


def base_commit(found: Record, theirs: str, base: str = "") -> str:
    """Return the template's commit from which the project has all changes.

    Where a clone had commits of its own before it was named, it is the one that they build on. A repository made by
    GitHub's button, or by `nix flake new`, starts with a commit of its own, whose files are those of a commit of the
    template.
    """
    recorded = git.commit(base or found.commit)
    common = git.run("merge-base", recorded, theirs).stdout.strip() if recorded else ""
    if common:
        return common
    files = _files(recorded) if recorded else {}
    for line in git.git("rev-list", theirs).split() if files else ():
        if _files(line) == files:
            return line
    raise StackError(
        f"{(base or found.commit)[:12]} ({record.FILE}) is no commit of the template, nor are its files those of one."
        " Nothing was changed. Find the commit that the project was made of, then: just update-template --base COMMIT"
    )


def _files(commit: str) -> dict[str, str]:
    """Return the files of a commit with their ids. Not their modes: `nix flake new` copies no executable bits."""
    lines = git.git("ls-tree", "-r", "-z", commit).split("\0")
    return {path: entry.split()[2] for entry, _, path in (line.partition("\t") for line in lines if line)}


def commit_of_the_change(found: Record, ours: str, theirs: str, log: str) -> str:
    """Return a commit that has the template's change, under the project's names, and touches no file of its own."""
    now = names.present(git.reader("HEAD"))
    recorded = git.reader("HEAD")(record.FILE) or ""
    own = {path: _file_id(ours, path) for path in found.own}
    before = _commit(_tree(ours, now, {record.FILE: recorded}, own), "the template, before")
    message = f"Update the template to {theirs[:12]}\n\n{log}\n"
    return _commit(_tree(theirs, now, {record.FILE: found.at(theirs).text()}, own), message, parent=before)


def _file_id(commit: str, path: str) -> str:
    """Return the id of a file's content; empty if there is none. Raises StackError for a directory."""
    found = git.run("rev-parse", "--verify", "--quiet", f"{commit}:{path}").stdout.strip()
    if found and git.git("cat-file", "-t", found).strip() != "blob":
        raise StackError(f"{path} is a directory; own in {record.FILE} names files. Nothing was changed.")
    return found


def _tree(commit: str, new: names.Names, more: Mapping[str, str], own: Mapping[str, str]) -> str:
    """Return the id of a commit's tree under other names; own: ids by path, of files that are the same in each tree."""
    with tempfile.TemporaryDirectory() as directory:
        index = {**os.environ, "GIT_INDEX_FILE": str(Path(directory) / "index")}
        git.git("read-tree", commit, environment=index)
        texts = {**names.renamed(git.reader(commit), new), **more}
        ids = {path: git.git("hash-object", "-w", "--stdin", given=text).strip() for path, text in texts.items()}
        for path, content in {**ids, **own}.items():
            if content:
                git.git("update-index", "--add", "--cacheinfo", f"100644,{content},{path}", environment=index)
            else:
                git.git("update-index", "--force-remove", "--", path, environment=index)
        return git.git("write-tree", environment=index).strip()


def _commit(tree: str, message: str, *, parent: str = "") -> str:
    return git.git("commit-tree", tree, *(["-p", parent] if parent else []), given=message).strip()


def merge(change: str) -> int:
    """Cherry-pick the change; return 1 if people have to decide."""
    done = git.run("cherry-pick", "--allow-empty", change)
    conflicts = git.git("diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
    # In progress and without conflicts: Git knows from before how people resolved them (rerere.autoUpdate).
    picking = _picking()
    if done.returncode and not picking:
        raise StackError(f"Git did not merge. Nothing was changed. {done.stderr.strip()}")
    written = [path for path in conflicts if path in WRITTEN]
    for path in written:
        # As the project has it, or has it not; the recipe writes it again.
        if git.run("checkout", "--ours", "--", path).returncode:
            git.git("rm", "--quiet", "--", path)
        else:
            git.git("add", "--", path)
    open_ones = [path for path in conflicts if path not in WRITTEN]
    if names.LOCK in open_ones and lock.resolve():
        open_ones.remove(names.LOCK)
    if open_ones:
        say("these files were changed here and in the template, in the same lines:")
        say("\n".join(f"  {path}" for path in open_ones))
        relock = f" just uv lock, git add {names.LOCK}," if names.LOCK in conflicts else ""
        say(f"Edit them, git add them,{relock} then: git cherry-pick --continue. To go back: git cherry-pick --abort")
        return 1
    if picking:
        # Without hooks, as where Git merges by itself: the checks come next.
        git.git("-c", f"core.hooksPath={os.devnull}", "-c", "core.editor=true", "cherry-pick", "--continue")
    if lock.refresh():
        git.git("commit", "--quiet", "--no-verify", "--amend", "--no-edit", "--", names.LOCK)
    again = " && ".join(sorted(WRITTEN.values()))
    say(f"the changes are committed. Next: {again} && just check && just test. To go back: git reset --hard HEAD~1")
    return 0
