"""The commands behind the recipes of the justfile: `python -m stack COMMAND`."""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence

from conf import local
from stack import clients, debug, dev, environment, lifecycle, logs, status, supervision
from stack.console import complain
from stack.errors import StackError


def up(_: argparse.Namespace) -> int:
    """Start everything; returns when all of it is healthy."""
    lifecycle.up()
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop everything, or the programs named."""
    lifecycle.down(arguments.names)
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


def debugged(arguments: argparse.Namespace) -> int:
    """Run web, worker or pytest under the debugger."""
    return debug.run(arguments.rest)


def with_servers(arguments: argparse.Namespace) -> int:
    """Run a command with Postgres and Redis running."""
    with lifecycle.with_servers(arguments.rest[0]):
        return subprocess.run(arguments.rest, cwd=local.ROOT, check=False).returncode


PASSED_ON = {"psql": psql, "redis-cli": redis_cli, "test": test, "debug": debugged, "with-servers": with_servers}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; some commands pass all their arguments on unread."""
    if words and words[0] in PASSED_ON:
        return argparse.Namespace(run=PASSED_ON[words[0]], rest=list(words[1:]))
    parser = argparse.ArgumentParser(prog="just", description="The native stack of this checkout.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function in {"up": up, "status": show_status, "dev": develop}.items():
        commands.add_parser(name, help=function.__doc__).set_defaults(run=function)
    for name, some_of_them in {"down": down, "restart": restart}.items():
        parser_of_names = commands.add_parser(name, help=some_of_them.__doc__, description=some_of_them.__doc__)
        parser_of_names.add_argument("names", nargs="*", metavar="NAME", help=", ".join(supervision.PROGRAMS))
        parser_of_names.set_defaults(run=some_of_them)
    following = commands.add_parser("logs", help=show_logs.__doc__, description=show_logs.__doc__)
    following.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(logs.NAMES)}; all by default")
    following.add_argument("-n", "--lines", type=int, default=sys.maxsize, help="how many lines of history (all)")
    following.add_argument("--no-follow", action="store_true", help="print the history only")
    following.set_defaults(run=show_logs)
    return parser.parse_args(words)


def main() -> int:
    """Run one command; an error is one message and an exit status of 1."""
    arguments = parse(sys.argv[1:])
    try:
        return int(arguments.run(arguments))
    except StackError as error:
        complain(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
