"""The commands behind the recipes of the justfile: `python -m stack COMMAND`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from stack.commands import recipes
from stack.console import complain
from stack.errors import StackError
from stack.lifecycle import directories
from stack.processes import signals
from stack.programs import table

Command = Callable[[argparse.Namespace], int]
PASSED_ON: dict[str, Command] = {
    "psql": recipes.psql,
    "redis-cli": recipes.redis_cli,
    "test": recipes.test,
    "cov": recipes.coverage,
    "debug": recipes.run_debugger,
    "manage": recipes.manage,
    "with-servers": recipes.with_servers,
}
SIMPLE: dict[str, Command] = {
    "dev": recipes.run_dev,
    "prepare": recipes.prepare,
    "setup": recipes.setup,
}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; some commands pass on all their arguments unparsed."""
    if words and words[0] in PASSED_ON:
        return argparse.Namespace(run=PASSED_ON[words[0]], rest=list(words[1:]))
    parser = argparse.ArgumentParser(prog="just", description="The native stack of this checkout.")
    known = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function in SIMPLE.items():
        _add(known, name, function)
    examining = _add(known, "doctor", recipes.run_doctor)
    examining.add_argument("--json", action="store_true", help="as a JSON object")
    starting = _add(known, "up", recipes.up)
    starting.add_argument("--yes", action="store_true", help="use a DATABASE_URL or REDIS_URL that holds other data")
    for some in (_add(known, "down", recipes.down), _add(known, "restart", recipes.restart)):
        some.add_argument("names", nargs="*", metavar="NAME", help=", ".join(table.PROGRAMS))
    showing = _add(known, "status", recipes.show_status)
    showing.add_argument("-w", "--watch", action="store_true", help="go on, with processors and queues, until Ctrl-C")
    showing.add_argument("--json", action="store_true", help="as a JSON object")
    following = _add(known, "logs", recipes.show_logs)
    following.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"one of {', '.join(p.log_name for p in table.PROGRAMS.values())}; all by default",
    )
    following.add_argument("-n", "--lines", type=_count, help="how many lines of history (all)")
    following.add_argument("--no-follow", action="store_true", help="print the history only")
    following.add_argument("-r", "--request", metavar="ID", help="the lines of all programs about one request")
    following.add_argument("--json", action="store_true", help="each record as a JSON object on a line of its own")
    following.add_argument("-s", "--short", action="store_true", help="one line a record, as wide as the terminal")
    following.add_argument("--raw", action="store_true", help="print lines as they are stored, with all values")
    dumping = _add(known, "dump", recipes.dump)
    dumping.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a new file")
    restoring = _add(known, "restore", recipes.restore)
    restoring.add_argument("file", type=Path, metavar="FILE", help="what `just dump` has written")
    _add_project_commands(known)
    _add_snapshot_commands(known)
    _add_upgrade_command(known)
    _add_rehearsal(known)
    _add_survival(known)
    for destructive in (restoring, _add(known, "reset", recipes.reset)):
        destructive.add_argument("--yes", action="store_true", help="do not ask")
    # What follows -- is another program's.
    own = list(words[: words.index("--")]) if "--" in words else words
    return parser.parse_args(own, argparse.Namespace(rest=list(words[len(own) + 1 :])))


def _add_snapshot_commands(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    making = _add(known, "snapshot", recipes.snapshot)
    making.add_argument("name", nargs="?", default="", metavar="NAME", help="the time by default")
    making.add_argument("--delete", metavar="NAME", help="delete a snapshot")
    listing = _add(known, "snapshots", recipes.show_snapshots)
    listing.add_argument("--json", action="store_true", help="as JSON")
    _add(known, "rewind", recipes.rewind).add_argument("name", metavar="NAME", help="a snapshot")


def _add_upgrade_command(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    upgrading = _add(known, "upgrade-postgres", recipes.upgrade_postgres)
    upgrading.add_argument(
        "--old-bin", type=Path, metavar="DIR", help="where the old programs are, if it does not find them"
    )
    upgrading.add_argument("--dry-run", action="store_true", help="check everything, and change nothing")
    upgrading.add_argument("--delete-old", action="store_true", help="delete what earlier upgrades have kept")
    upgrading.add_argument("--yes", action="store_true", help="do not ask")


def _add_rehearsal(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    rehearsing = _add(known, "rehearse", recipes.rehearse)
    rehearsing.add_argument(
        "--against", default="", metavar="REVISION", help="the older release (where this branch left the main branch)"
    )
    rehearsing.add_argument("--tests", nargs="+", metavar="PATH", help="those of the older release that are run (apps)")
    rehearsing.add_argument(
        "--allowed-wait", type=float, default=0.2, metavar="SECONDS", help="how long others may wait (0.2)"
    )
    rehearsing.add_argument("--json", action="store_true", help="as a JSON object")


def _add_survival(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    surviving = _add(known, "survive", recipes.survive)
    surviving.add_argument(
        "task", metavar="TASK", help="its name, such as apps.users.tasks.send_password_reset, or the end"
    )
    surviving.add_argument(
        "args", nargs="*", metavar="ARG", help="JSON, or else a string; NAME=ARG for one by its name"
    )
    surviving.add_argument(
        "--timeout", type=float, default=60.0, metavar="SECONDS", help="how long a run may take, retries included (60)"
    )
    surviving.add_argument("--json", action="store_true", help="as a JSON object")


def _add_project_commands(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    renaming = _add(known, "rename", recipes.rename)
    renaming.add_argument("name", metavar="NAME", help="like acme-billing")
    renaming.add_argument("--title", default="", help="of the API's documentation (Acme Billing API)")
    renaming.add_argument("--description", default="", metavar="TEXT", help="what the project is, in a sentence")
    renaming.add_argument("--from", dest="repository", default="", metavar="URL", help="where the template is (origin)")
    renaming.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    renaming.add_argument("--yes", action="store_true", help="do not ask")
    client = _add(known, "client", recipes.client)
    client.add_argument("directory", nargs="?", type=Path, metavar="DIRECTORY", help="where to (.state/client)")
    building = _add(known, "image", recipes.image)
    building.add_argument("tag", nargs="?", default="", metavar="TAG", help="the project's name and version by default")
    building.add_argument("--builder", default="", help="docker, podman or buildah; the first one that is there")
    building.epilog = "What follows -- are options of the builder, such as --platform."
    working = _add(known, "worktree", recipes.worktree)
    working.add_argument("branch", nargs="?", default="", metavar="BRANCH", help="of the worktree; new or not")
    working.add_argument("--remove", default="", metavar="NAME", help="stop and delete one, by branch or directory")
    listing = _add(known, "worktrees", recipes.show_worktrees)
    listing.add_argument("--json", action="store_true", help="as JSON")
    updating = _add(known, "update-template", recipes.update_template)
    updating.add_argument(
        "revision", nargs="?", default="HEAD", metavar="REVISION", help="of the template (its newest)"
    )
    updating.add_argument("--from", dest="repository", default="", metavar="URL", help="where the template is")
    updating.add_argument(
        "--base", default="", metavar="COMMIT", help="the template's commit that the project was made of"
    )
    updating.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")


def _add(
    known: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command
) -> argparse.ArgumentParser:
    command = known.add_parser(name, help=run.__doc__, description=run.__doc__)
    command.set_defaults(run=run)
    return command


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines")
    return int(text)


def main() -> int:
    """Run one command. An error is one message and the exit status 1."""
    arguments = parse(sys.argv[1:])
    signals.listen()
    try:
        directories.require_owner()
        return int(arguments.run(arguments))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    except signals.Interrupted as interrupted:
        return interrupted.status
    except BrokenPipeError:
        return 0
    except ModuleNotFoundError as error:
        complain(f"error: the package {error.name} is missing in {sys.prefix}. To install it: just up")
        return 1
    except OSError as error:
        complain(f"error: {error}. To find out what is wrong: just doctor")
        return 1


if __name__ == "__main__":
    sys.exit(main())
