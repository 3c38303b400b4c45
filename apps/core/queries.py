"""What a request or a task costs the database."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connections

logger = logging.getLogger(__name__)


class QueryMeter:
    """Count queries and add up their time; a slow one gets a line of its own."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: Any, *args: Any) -> Any:
        started = perf_counter()
        try:
            return execute(sql, *args)
        finally:
            seconds = perf_counter() - started
            self.count += 1
            self.seconds += seconds
            if seconds * 1000 >= settings.SLOW_QUERY_MS:
                # Without its parameters: they may hold anything.
                logger.warning("slow query", extra={"sql": str(sql), "duration_ms": round(seconds * 1000, 1)})

    @property
    def ms(self) -> float:
        return round(self.seconds * 1000, 1)


@contextmanager
def measured_queries() -> Iterator[QueryMeter]:
    """Measure the queries of this thread, on all databases."""
    meter = QueryMeter()
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(meter))
        yield meter
