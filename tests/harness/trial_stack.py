"""A stack with short limits and tasks that misbehave: what the tests of background work ask of it."""

import json
import subprocess
import sys
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg
import psycopg.sql
import redis

from checkout import queues
from tests.harness.checkout import Checkout
from tests.harness.faults import RECOVERED_WITHIN

# Seconds; what production has is twenty times as long.
TIME_LIMIT = 12
VISIBILITY_TIMEOUT = 15
SHUTDOWN_TIMEOUT = 3
HEARTBEAT = 2
# What a busy machine may need on top; more of it where RECOVERED_WITHIN says that the machine is shared.
SLACK = 8 if RECOVERED_WITHIN <= 10 else 24
# After the death of a worker its tasks start again within this time.
RETURN_TIME = 12 if RECOVERED_WITHIN <= 10 else 12 + SLACK

_SEND = """
import json, uuid
from tests.harness.trial import tasks
ids = []
for args in json.loads('''{calls}'''):
    ids.append(tasks.{task}.apply_async(args, countdown={countdown}).id)
print("ids", json.dumps(ids))
"""


class Trial:
    """The stack of a checkout, as whoever sends tasks sees it."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._append("conf/settings/__init__.py", 'INSTALLED_APPS += ["tests.harness.trial"]')
        self._append("conf/urls.py", 'urlpatterns += [path("", include("tests.harness.trial.urls"))]')
        self.limits(TIME_LIMIT, VISIBILITY_TIMEOUT)

    def _append(self, file: str, line: str) -> None:
        with (self.checkout.path / file).open("a") as opened:
            opened.write(f"\n{line}\n")

    def limits(self, time_limit: int, visibility_timeout: int) -> None:
        """Write the limits that the next start has."""
        settings = {
            "TASK_TIME_LIMIT": time_limit,
            "TASK_VISIBILITY_TIMEOUT": visibility_timeout,
            "TASK_SHUTDOWN_TIMEOUT": SHUTDOWN_TIMEOUT,
            "TASK_HEARTBEAT": HEARTBEAT,
        }
        (self.checkout.path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def send(self, task: str, *calls: list[Any], countdown: int = 0) -> list[str]:
        """Send a task once for each list of arguments; return the ids."""
        code = _SEND.format(task=task, calls=json.dumps(calls), countdown=countdown)
        said = self.checkout.just("manage", "shell", "--verbosity=0", "--command", code)
        return json.loads(said.stdout.partition("ids ")[2])

    def states(self, ids: list[str]) -> dict[str, int]:
        """Return how many of the tasks are in which state."""
        query = "SELECT status, count(*) FROM django_celery_results_taskresult WHERE task_id = ANY(%s) GROUP BY 1"
        with psycopg.connect(host=str(self.runtime), user="postgres", dbname="app") as connection:
            return dict(connection.execute(query, [ids]).fetchall())

    def waiting(self) -> int:
        """Return how many tasks are queued, unacknowledged or delayed."""
        with self.broker() as client:
            found = queues.lengths(client)
        return sum(found.waiting.values()) + found.unacknowledged + found.delayed

    def broker(self) -> redis.Redis:
        """Return a client of the broker's database."""
        return redis.Redis(unix_socket_path=str(self.runtime / "redis.sock"))

    def put(self, *raw: bytes) -> None:
        """Put messages into the queues as they are."""
        with self.broker() as client:
            client.lpush("default", *raw[::2])
            client.lpush("mail", *raw[1::2])

    def count(self, table: str) -> int:
        with psycopg.connect(host=str(self.runtime), user="postgres", dbname="app") as connection:
            query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
            return int(connection.execute(query).fetchall()[0][0])

    def effects(self) -> list[str]:
        file = self.checkout.state / "effects"
        return file.read_text().splitlines() if file.is_file() else []

    def lines(self, task_id: str) -> list[dict[str, Any]]:
        """Return the log lines of a task, in their order, with their time in seconds."""
        lines = [line for line in self.checkout.log_lines("worker") if line.get("task_id") == task_id]
        return [line | {"at": datetime.fromisoformat(line["timestamp"]).timestamp()} for line in lines]

    def starts(self, task_id: str) -> list[dict[str, Any]]:
        return self._sorted(task_id, "task started")

    def ends(self, task_id: str) -> list[dict[str, Any]]:
        return self._sorted(task_id, "task")

    def _sorted(self, task_id: str, event: str) -> list[dict[str, Any]]:
        # By try: a retry that need not wait may have started before the process that failed has written its line.
        return sorted(
            (line for line in self.lines(task_id) if line["event"] == event), key=lambda line: line["retries"]
        )

    def supervisor(self, code: str) -> str:
        """Ask or tell the supervisor something that no recipe does."""
        return self._python(f"from stack.programs import supervisor; {code}")

    def process(self, program: str) -> psutil.Process:
        return psutil.Process(int(self.supervisor(f"print(supervisor.programs()['{program}'].pid)")))

    @cached_property
    def runtime(self) -> Path:
        return Path(self._python("from checkout import paths; print(paths.RUNTIME)"))

    def _python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.checkout.path,
            env=self.checkout.environment,
            check=True,
            timeout=60,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout.strip()
