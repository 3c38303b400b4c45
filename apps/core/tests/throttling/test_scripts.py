import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.conf import settings
from redis import Redis, ResponseError
from redis.commands.core import Script

from apps.core.throttling.scripts import ScriptRunner

# A process that asks, forks, and asks in both: their answers would mix on one connection.
_FORKS = """
import os, sys
from redis import Redis
from apps.core.throttling.scripts import ScriptRunner
client = Redis.from_url(sys.argv[1])
runner, script = ScriptRunner(client.connection_pool), client.register_script("return ARGV[1]")
runner.run(script, [], [0])
child = os.fork()
answers = [int(runner.run(script, [], [1 + number])) for number in range(200)]
if not child:
    os._exit(answers != list(range(1, 201)))
assert answers == list(range(1, 201)), answers
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def client() -> Iterator[Redis]:
    """Return a client whose connections have a name of their own."""
    with Redis.from_url(settings.LIMITER_URL, client_name=uuid4().hex, **settings.REDIS_OPTIONS) as client:
        yield client


@pytest.fixture
def runner(client: Redis) -> ScriptRunner:
    return ScriptRunner(client.connection_pool)


def script(client: Redis, returns: str) -> Script:
    """Return a script that Redis does not know yet."""
    return client.register_script(f"-- {uuid4()}\nreturn {returns}")


def connections(client: Redis) -> list[int]:
    name = client.connection_pool.connection_kwargs["client_name"]
    with Redis.from_url(settings.LIMITER_URL) as other:
        return [int(found["id"]) for found in other.client_list() if found["name"] == name]


def test_a_script_that_redis_does_not_know_is_loaded(client: Redis, runner: ScriptRunner) -> None:
    asked = script(client, "{KEYS[1], ARGV[1] + 1}")
    assert [runner.run(asked, ["a"], [1]) for _ in range(2)] == [[b"a", 2]] * 2
    assert len(connections(client)) == 1


def test_a_connection_that_redis_has_closed_is_made_anew(client: Redis, runner: ScriptRunner) -> None:
    asked = script(client, "ARGV[1]")
    runner.run(asked, [], [1])
    with Redis.from_url(settings.LIMITER_URL) as other:
        for number in connections(client):
            other.client_kill_filter(_id=str(number))

    assert runner.run(asked, [], [2]) == b"2"


def test_each_thread_has_its_own_connection_and_gets_its_own_answers(client: Redis, runner: ScriptRunner) -> None:
    asked, all_at_work = script(client, "ARGV[1]"), Barrier(4)

    def ask(number: int) -> list[bytes]:
        all_at_work.wait(10)
        return [runner.run(asked, [], [number]) for _ in range(50)]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(4)))
        assert len(connections(client)) == 4
    assert answers == [[str(number).encode()] * 50 for number in range(4)]


def test_a_process_that_was_forked_does_not_ask_on_its_parents_connection() -> None:
    done = subprocess.run(  # noqa: S603 - its own code
        [sys.executable, "-c", _FORKS, settings.LIMITER_URL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_answer_that_was_not_waited_for_is_nobodys(client: Redis, runner: ScriptRunner) -> None:
    asked = script(client, "ARGV[1]")
    runner.run(asked, [], [1])
    kind = client.connection_pool.connection_class
    with patch.object(kind, "read_response", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        runner.run(asked, [], [2])
    assert runner.run(asked, [], [3]) == b"3"


def test_a_mistake_in_a_script_leaves_the_connection_open(client: Redis, runner: ScriptRunner) -> None:
    with pytest.raises(ResponseError):
        runner.run(script(client, "nothing.here"), [], [])
    before = connections(client)
    runner.run(script(client, "1"), [], [])
    assert connections(client) == before
