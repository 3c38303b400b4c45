"""Runs Lua scripts in Redis on a connection that each thread keeps.

redis-py's client takes a connection out of its pool for each command and puts it back, and looks for a policy of
retries: 45 µs in front of each request, three times as long as the question itself.
"""

import os
from threading import local
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import ConnectionPool
from redis.commands.core import Script
from redis.exceptions import NoScriptError, ResponseError


class _Kept(local):
    connection: Any = None
    pid = 0


class ScriptRunner:
    """Run scripts with the settings of a pool, in any number of threads; a process that was forked connects anew."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._kept = _Kept()

    def run(self, script: Script, keys: list[str], args: list[int]) -> Any:
        """Return the script's answer. Raises RedisError, that of the script included."""
        words = (len(keys), *keys, *args)
        try:
            return self._evaluate(script, words)
        except RedisConnectionError:
            # Redis was restarted since the last time: the second attempt connects. Without Redis it fails at once, too.
            return self._evaluate(script, words)

    def _evaluate(self, script: Script, words: tuple[Any, ...]) -> Any:
        try:
            return self._ask("EVALSHA", script.sha, *words)
        except NoScriptError:
            self._ask("SCRIPT LOAD", script.script)
            return self._ask("EVALSHA", script.sha, *words)

    def _ask(self, *words: Any) -> Any:
        connection = self._connection()
        try:
            connection.send_command(*words)
            return connection.read_response()
        except ResponseError:
            raise
        except BaseException:
            # Interrupted in between, it would give this answer to the next question.
            connection.disconnect()
            raise

    def _connection(self) -> Any:
        if self._kept.pid != os.getpid():
            # Not one of the pool's: threads end without giving theirs back.
            self._kept.connection = self._pool.connection_class(**self._pool.connection_kwargs)
            self._kept.pid = os.getpid()
        return self._kept.connection
