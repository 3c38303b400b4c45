"""Checks components concurrently, in bounded time: a healthy one once a second at most, another one four times.

Each check runs in a thread of its own, since a server that hangs would hang the response. Concurrent requests wait for
the same check, and a check that hangs is not started again before it ends. So each component takes one thread and one
connection, however many requests there are and however long it hangs.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswerError
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from django.db import connection

Component = Callable[[], None]

# For all components together.
DEADLINE_SECONDS = 1.0
CACHE_SECONDS = 1.0
# Whoever waits for a component learns soon that it is healthy again.
FAILURE_CACHE_SECONDS = 0.25


class DownError(Exception):
    """A component is unhealthy. The text is public, so it must contain no secret."""


class _Question(NamedTuple):
    asked: float
    answer: "Future[dict[str, Any]]"

    def is_good(self) -> bool:
        if not self.answer.done():
            return True
        lifetime = CACHE_SECONDS if self.answer.result()["ok"] else FAILURE_CACHE_SECONDS
        return monotonic() - self.asked < lifetime


_lock = Lock()
_questions: dict[Component, _Question] = {}


def check(components: tuple[Component, ...]) -> dict[str, dict[str, Any]]:
    """Return for each component whether it is healthy, and how many milliseconds the check took."""
    end = monotonic() + DEADLINE_SECONDS
    answers = {component.__name__: _question(component).answer for component in components}
    return {name: _wait(answer, end) for name, answer in answers.items()}


def forget() -> None:
    """Drop the cached results."""
    with _lock:
        _questions.clear()


def _question(component: Component) -> _Question:
    with _lock:
        question = _questions.get(component)
        if question is None or not question.is_good():
            question = _questions[component] = _Question(monotonic(), _threads().submit(_ask, component))
        return question


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="health")


def _ask(component: Component) -> dict[str, Any]:
    started = monotonic()
    try:
        component()
    except DownError as down:
        error = str(down)
    except Exception as unforeseen:  # noqa: BLE001 - whatever it was, the component is down
        error = type(unforeseen).__name__
    else:
        error = ""
    finally:
        # The connection would outlive the check; a new one says more about Postgres anyway.
        connection.close()
    answer: dict[str, Any] = {"ok": not error, "ms": round((monotonic() - started) * 1000, 1)}
    return answer | ({"error": error} if error else {})


def _wait(answer: "Future[dict[str, Any]]", end: float) -> dict[str, Any]:
    try:
        return answer.result(timeout=max(0.0, end - monotonic()))
    except NoAnswerError:
        return {"ok": False, "ms": DEADLINE_SECONDS * 1000, "error": "no answer in time"}
