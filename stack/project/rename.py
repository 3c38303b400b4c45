"""`just rename`: give the project its name, once or again."""

import difflib
from pathlib import Path

from checkout import paths
from stack import git
from stack.console import confirm, say
from stack.errors import StackError
from stack.processes import discovery
from stack.project import names, record
from stack.project.names import Names


def present() -> Names | None:
    """Return the names that somebody has chosen; None if the project still has the template's."""
    found, names_now = record.read(git.working_tree), names.present(git.working_tree)
    return names_now if found and found.name != names_now.name else None


def rename(new: Names, *, repository: str = "", dry_run: bool = False, yes: bool = False) -> None:
    """Show what changes, ask, and change it. Raises StackError while the stack runs."""
    names.require_no_package(new.name, git.working_tree)
    old = names.present(git.working_tree)
    changes = names.renamed(git.working_tree, new)
    if record.read(git.working_tree) is None:
        changes = {record.FILE: _made_of(old.name, repository).text(), **changes}
    if not changes:
        say(f"the project is called {new.name} already; nothing was changed")
        return
    for path, text in changes.items():
        say(_difference(path, git.working_tree(path) or "", text))
    if dry_run:
        say("nothing was changed")
        return
    if discovery.processes():
        raise StackError("the stack is running, and would restart in between. Nothing was changed. Type: just down")
    confirm(f"Rename {old.name} to {new.name}, in {len(changes)} files?", yes=yes)
    for path, text in changes.items():
        _write(paths.ROOT / path, text)
    _say_what_is_left(old, new)
    say(f"the project is called {new.name} now. Look at it with git diff, then: just check && just test")


def _made_of(name: str, repository: str) -> record.Record:
    """Return the record of a project that has just been made of the template."""
    return record.Record(name, repository or _remote("template") or _origin_of_a_clone(), git.commit("HEAD"))


def _origin_of_a_clone() -> str:
    """Return where a clone of the template comes from; empty if the origin is the project's own repository.

    One that was made by GitHub's button, or from the flake, begins with all of the template's files.
    """
    roots = git.run("rev-list", "--max-parents=0", "HEAD").stdout.split()
    begins_here = any(git.reader(root)("stack/project/rename.py") is not None for root in roots)
    return "" if begins_here or not roots else _remote("origin")


def _remote(name: str) -> str:
    return git.run("config", "--get", f"remote.{name}.url").stdout.strip()


def _difference(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    shown = [line for line in list(lines)[2:] if not line.startswith("@@")]
    moved = {line[1:] for line in shown if line[0] == "-"} & {line[1:] for line in shown if line[0] == "+"}
    kept = [line for line in shown if line[1:] not in moved]
    return "\n".join([path, *(f"  {line}" for line in kept)])


def _write(path: Path, text: str) -> None:
    """Replace a file, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o777)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _say_what_is_left(old: Names, new: Names) -> None:
    """Name the lines of files under version control that still have the old name."""
    if old.name == new.name:
        return
    found = git.run("grep", "--ignore-case", "--line-number", "--fixed-strings", "-I", "-e", old.name).stdout
    places = [line for line in found.splitlines() if not line.startswith((f"{record.FILE}:", "LICENSE:"))]
    if places:
        say(f"these lines say {old.name}, and were left as they are:")
        say("\n".join(f"  {line[:160]}" for line in places))
