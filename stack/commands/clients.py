"""The clients of the servers: psql, redis-cli, and a small client for Redis if there is no redis-cli."""

import argparse
import os
import shlex
import sys
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

import redis

from checkout import paths, servers
from stack.bootstrap import variables
from stack.console import complain
from stack.errors import StackError
from stack.programs import binaries
from stack.settings import environment
from stack.settings.database import application_database


def psql(arguments: list[str]) -> NoReturn:
    """Become psql on the application's database."""
    settings = environment.read()
    program = str(binaries.find().postgres_bin / "psql")
    database = application_database(settings)
    # .psqlrc is for people: its output would disturb a script.
    rc = [] if sys.stdin.isatty() else ["--no-psqlrc"]
    os.execve(program, [program, f"--dbname={database.conninfo()}", *rc, *arguments], database.environment())  # noqa: S606


def redis_cli(arguments: list[str]) -> None:
    """Become redis-cli. Without it, run the command, or read commands line by line."""
    settings = environment.read()
    program = binaries.find().redis_cli
    if program:
        place, password = _place(settings.redis_url)
        chosen = {name: value for name, value in variables.for_recipes(os.environ).items() if name != "LD_LIBRARY_PATH"}
        os.execve(program, [str(program), *place, *arguments], chosen | {"REDISCLI_AUTH": password})  # noqa: S606
    options, words = _options(arguments)
    url = settings.redis_url or servers.redis_url("broker")
    database: dict[str, Any] = {} if options.n is None else {"db": options.n}
    with redis.Redis.from_url(url, decode_responses=True) as client:
        client.connection_pool.connection_kwargs.update(database)
        # Replies as the server sends them: PONG, not True.
        client.response_callbacks.clear()
        if words:
            print(_answer(client, words))
            return
        if sys.stdin.isatty():
            complain("Type a command and Return, such as LLEN default. To leave: Ctrl-D")
        for line in sys.stdin:
            _answer_line(client, line)


def _options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options, which come first, and the command."""
    parser = argparse.ArgumentParser(
        prog="just redis-cli",
        description="Run one command, or commands line by line. This small client stands in for redis-cli, which the"
        " Python wheels lack; it supports only these options.",
    )
    parser.add_argument("-n", type=int, metavar="DB", help="the database: 0 queue, 1 cache, 2 limits (0)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="for example: LLEN default")
    options = parser.parse_args(arguments)
    return options, options.command


def _place(url: str) -> tuple[list[str], str]:
    """Return the options with the address of the server, and its password, which must not be on a command line."""
    if not url:
        return ["-s", str(paths.REDIS_SOCKET)], servers.redis_password()
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    named = ["--user", unquote(user)] if user else []
    if parts.scheme == "unix":
        # redis-cli takes no such URL. -n selects the database.
        return ["-s", unquote(parts.path), *named], unquote(password)
    return ["-u", urlunsplit(parts._replace(netloc=host)), *named], unquote(password)


def _answer_line(client: redis.Redis, line: str) -> None:
    try:
        words = shlex.split(line)
    except ValueError as error:
        print(f"(error) {error}")
        return
    if words:
        print(_answer(client, words), flush=True)


def _answer(client: redis.Redis, words: list[str]) -> str:
    try:
        return _render(client.execute_command(*words))  # type: ignore[no-untyped-call]
    except redis.ConnectionError as error:
        raise StackError(f"Redis does not answer ({error}). Start it: just up") from error
    except redis.RedisError as error:
        return f"(error) {error}"


def _render(answer: object) -> str:
    if isinstance(answer, list):
        return "\n".join(f"{number}) {_render(item)}" for number, item in enumerate(answer, start=1)) or "(empty)"
    if isinstance(answer, dict):
        return "\n".join(f"{key}: {_render(value)}" for key, value in answer.items()) or "(empty)"
    return "(nil)" if answer is None else str(answer)
