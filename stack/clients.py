"""The clients of the two servers: psql, redis-cli, and a small one where no redis-cli came along."""

import os
import shlex
import sys
from typing import NoReturn

import redis

from conf import local
from stack import environment, servers, target
from stack.errors import StackError


def psql(arguments: list[str]) -> NoReturn:
    """Become psql on the application's database."""
    settings = environment.read()
    program = str(servers.find().postgres_bin / "psql")
    database = target.of(settings)
    os.execve(program, [program, f"--dbname={database.place()}", *arguments], database.environment())  # noqa: S606


def redis_cli(arguments: list[str]) -> None:
    """Become redis-cli; without one, run the command, or read commands line by line."""
    settings = environment.read()
    program = servers.find().redis_cli
    if program:
        place = ["-u", settings.redis_url] if settings.redis_url else ["-s", str(local.REDIS_SOCKET)]
        os.environ["REDISCLI_AUTH"] = local.redis_password()
        os.execv(program, [str(program), *place, *arguments])  # noqa: S606
    url = settings.redis_url or local.redis_url("broker")
    with redis.Redis.from_url(url, decode_responses=True) as client:
        # The answers as the server gives them: PONG, not True.
        client.response_callbacks.clear()
        for words in [arguments] if arguments else map(shlex.split, _typed()):
            if words:
                print(_answer(client, words))


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


def _typed() -> "list[str] | map[str]":
    return map(str.strip, sys.stdin)
