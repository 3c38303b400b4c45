"""The commands behind the recipes of the justfile: `python -m stack COMMAND`."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from conf import local
from stack import backup, clients, dev, doctor, environment, interrupts, lifecycle, logs, replace, status, target
from stack.console import complain, say
from stack.errors import StackError


def up(_: argparse.Namespace) -> int:
    """Start everything; returns when all of it is healthy."""
    lifecycle.up()
    return 0


def down(_: argparse.Namespace) -> int:
    """Stop everything."""
    lifecycle.down()
    return 0


def restart(arguments: argparse.Namespace) -> int:
    """Restart everything, or the programs named."""
    lifecycle.restart(arguments.names)
    return 0


def show_status(_: argparse.Namespace) -> int:
    """Show what runs where; exit status 1 where something is not well."""
    return 0 if status.show(environment.read()) else 1


def show_logs(arguments: argparse.Namespace) -> int:
    """Print logs, then follow them."""
    logs.show(arguments.names, follow=not arguments.no_follow, lines=arguments.lines)
    return 0


def develop(_: argparse.Namespace) -> int:
    """Start everything, follow the logs, and stop everything on Ctrl-C."""
    return dev.run()


def psql(arguments: argparse.Namespace) -> int:
    """Open psql on the database."""
    clients.psql(arguments.rest)


def redis_cli(arguments: argparse.Namespace) -> int:
    """Open a Redis client, or run one command."""
    clients.redis_cli(arguments.rest)
    return 0


def test(arguments: argparse.Namespace) -> int:
    """Run pytest with Postgres and Redis running; all arguments are pytest's."""
    with lifecycle.with_servers("test"):
        # A test run under a debugger or of one test reads best in one process: pytest takes the last -n.
        command = [sys.executable, "-m", "pytest", "-n", "auto", *arguments.rest]
        return subprocess.run(command, cwd=local.ROOT, check=False).returncode


def with_servers(arguments: argparse.Namespace) -> int:
    """Run a command with Postgres and Redis running."""
    with lifecycle.with_servers(arguments.rest[0]):
        return subprocess.run(arguments.rest, cwd=local.ROOT, check=False).returncode


def dump(arguments: argparse.Namespace) -> int:
    """Write the database into a file; by default a dated one among the backups."""
    with lifecycle.with_servers("dump"):
        path = (arguments.file or backup.dated("app.dump")).absolute()
        backup.dump(target.of(environment.read()), path)
    say(f"the database is in {path}")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Replace the database by a dump; asks first, and keeps a dump of what it replaces."""
    replace.restore(arguments.file.absolute(), yes=arguments.yes)
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Replace the database by an empty one, and empty Redis; asks first, and keeps what it replaces."""
    replace.reset(yes=arguments.yes)
    return 0


def examine(_: argparse.Namespace) -> int:
    """Look at everything that the stack stands on; exit status 1 where something is wrong."""
    return 0 if doctor.examine() else 1


PASSED_ON = {"psql": psql, "redis-cli": redis_cli, "test": test, "with-servers": with_servers}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; some commands pass all their arguments on unread."""
    if words and words[0] in PASSED_ON:
        return argparse.Namespace(run=PASSED_ON[words[0]], rest=list(words[1:]))
    parser = argparse.ArgumentParser(prog="just", description="The native stack of this checkout.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    simple = {"up": up, "down": down, "status": show_status, "dev": develop, "doctor": examine}
    for name, function in simple.items():
        commands.add_parser(name, help=function.__doc__).set_defaults(run=function)
    restarting = commands.add_parser("restart", help=restart.__doc__, description=restart.__doc__)
    restarting.add_argument("names", nargs="*", metavar="NAME", help="web, worker, beat, reload, postgres or redis")
    restarting.set_defaults(run=restart)
    following = commands.add_parser("logs", help=show_logs.__doc__, description=show_logs.__doc__)
    following.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(logs.NAMES)}; all by default")
    following.add_argument("-n", "--lines", type=int, default=sys.maxsize, help="how many lines of history (all)")
    following.add_argument("--no-follow", action="store_true", help="print the history only")
    following.set_defaults(run=show_logs)
    _add_data_commands(commands)
    return parser.parse_args(words)


def _add_data_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    dumping = commands.add_parser("dump", help=dump.__doc__, description=dump.__doc__)
    dumping.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a new file")
    dumping.set_defaults(run=dump)
    restoring = commands.add_parser("restore", help=restore.__doc__, description=restore.__doc__)
    restoring.add_argument("file", type=Path, metavar="FILE", help="what `just dump` has written")
    resetting = commands.add_parser("reset", help=reset.__doc__, description=reset.__doc__)
    for command, function in ((restoring, restore), (resetting, reset)):
        command.add_argument("--yes", action="store_true", help="do not ask")
        command.set_defaults(run=function)


def main() -> int:
    """Run one command; an error is one message and an exit status of 1."""
    arguments = parse(sys.argv[1:])
    interrupts.listen()
    try:
        return int(arguments.run(arguments))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    except interrupts.Interrupted as interrupted:
        return interrupted.status
    except BrokenPipeError:
        return 0
    except OSError as error:
        complain(f"error: {error}. What is wrong with {local.STATE}, if anything, says: just doctor")
        return 1


if __name__ == "__main__":
    sys.exit(main())
