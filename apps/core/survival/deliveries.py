"""One run of a task from its message to the last acknowledgement, by real workers, each forked from this process.

A worker that was killed has left its message with its lease. Another one would take it when the lease runs out; here
that time is let pass at once, and the next worker gets it.
"""

import json
import logging
import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import redis
from celery import Task, current_app
from django.conf import settings
from kombu import Queue

from apps.core.background.broker.reclaim import Reclaimer
from apps.core.survival import hooks
from apps.core.survival.kill_points import DEATH, KillPoints
from apps.core.survival.lookup import module_file
from checkout import servers
from checkout.parent_death import signal_when_parent_dies
from checkout.queues import DELAYED, LEASES, lengths

# A queue of its own, so that what the task sends stays in its queues and can be looked at.
QUEUE = "survival"
# The id of the task in each run: keys that are made of it are the same.
TASK_ID = "5eed5eed-0000-4000-8000-000000000000"
_POLL_SECONDS = 0.02
# For a worker that is about to die after the acknowledgement.
_GRACE_SECONDS = 0.05


@dataclass
class Call:
    """A task and its arguments."""

    task: "Task[Any, Any]"
    args: list[Any]
    kwargs: dict[str, Any]


def run(call: Call, steps: Path, kill: tuple[int, str] | None, seconds: float) -> dict[str, Any]:
    """Send the task and have it run to its end, by a second worker if the first one is killed.

    kill: the number of the step, and before or after. seconds: how long all of it may take. Returns the steps of the
    first worker, whether it was killed, whether everything was done in time, and whether the last worker ended before.
    """
    deadline = time.monotonic() + seconds
    steps.unlink(missing_ok=True)
    with redis.Redis.from_url(servers.redis_url("broker", base=settings.REDIS_URL)) as opened:
        client: Any = opened
        _wait_for(_fork(lambda: _send(call)))
        points = KillPoints(module_file(call.task), steps, kill)
        has_ended = _watch(_fork(lambda: _work("first", points)), client, deadline)
        lines = [json.loads(line) for line in steps.read_text().splitlines()] if steps.is_file() else []
        if is_killed := DEATH in lines:
            lines.remove(DEATH)
            _let_the_lease_run_out(client)
            has_ended = _watch(_fork(lambda: _work("second")), client, deadline)
        return {"steps": lines, "killed": is_killed, "done": _is_empty(client), "ended": has_ended}


def _send(call: Call) -> None:
    current_app.amqp.queues.add(Queue(QUEUE))
    call.task.apply_async(tuple(call.args), call.kwargs, queue=QUEUE, task_id=TASK_ID)


def _work(name: str, points: KillPoints | None = None) -> None:
    """Be a worker of one process, until TERM."""
    current_app.amqp.queues.add(Queue(QUEUE))
    if points:
        hooks.install(points)
    # It is alone, and would wait a second for the answers of others.
    own: dict[str, Any] = {"pool": "solo", "concurrency": 1, "queues": [QUEUE], "without_mingle": True}
    worker = current_app.Worker(hostname=f"{name}@survival", loglevel=logging.INFO, quiet=True, **own)
    worker.start()


def _fork(work: Callable[[], None]) -> int:
    """Do something in a process of its own, which ends with this one; return its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal_when_parent_dies(SIGKILL)
        # Standard input is the conversation with the command.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        work()
        status = 0
    except SystemExit as error:
        status = int(error.code or 0)
    except BaseException:  # noqa: BLE001 - it goes to the log
        traceback.print_exc()
    finally:
        os._exit(status)


def _wait_for(child: int) -> None:
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("The task could not be sent: see above.")


def _watch(child: int, client: Any, deadline: float) -> bool:
    """Wait until a worker has died or has done everything, and end it. Return whether it had ended by itself.

    The acknowledgement is the last thing.
    """
    while not (ended := _has_ended(child)) and time.monotonic() < deadline:
        # Twice: a message may move, from those that are delayed to the worker, between the looks of the first time.
        if _is_empty(client) and _is_empty(client):
            time.sleep(_GRACE_SECONDS)
            break
        time.sleep(_POLL_SECONDS)
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, SIGKILL)
        os.waitpid(child, 0)
    return ended


def _has_ended(child: int) -> bool:
    # Left to be waited for, so that its number is nobody else's.
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _is_empty(client: Any) -> bool:
    """Return whether nothing waits in the task's queue, and nobody holds a message or has one for later."""
    found = lengths(client, [QUEUE])
    delayed = next(client.zscan_iter(DELAYED, match=f"{QUEUE}\n*"), None)
    return not (found.waiting[QUEUE] or found.unacknowledged or delayed)


def _let_the_lease_run_out(client: Any) -> None:
    """Return what a dead worker has left, as the next one would some seconds later."""
    leases = client.zrange(LEASES, 0, -1)
    if leases:
        client.zadd(LEASES, dict.fromkeys(leases, 0), xx=True)
    Reclaimer(client, visibility_timeout=float(settings.TASK_VISIBILITY_TIMEOUT)).look()
