"""Counts and times the database queries of a request or a task."""

import logging
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Self

from django.conf import settings
from django.db import connections

logger = logging.getLogger(__name__)


class QueryMeter:
    """Count and time the queries of this thread on all databases; log each slow one."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self._measured: Sequence[Any] = ()

    def __call__(self, execute: Callable[..., Any], sql: Any, *args: Any) -> Any:
        started = perf_counter()
        try:
            return execute(sql, *args)
        finally:
            seconds = perf_counter() - started
            self.count += 1
            self.seconds += seconds
            if seconds * 1000 >= settings.SLOW_QUERY_MS:
                # Without its parameters, which may be secret.
                logger.warning("slow query", extra={"sql": str(sql), "duration_ms": round(seconds * 1000, 1)})

    @property
    def ms(self) -> float:
        return round(self.seconds * 1000, 1)

    # Not by execute_wrapper(): every request comes through here, and that context manager is slower.
    def __enter__(self) -> Self:
        self._measured = connections.all()
        for connection in self._measured:
            connection.execute_wrappers.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._measured:
            connection.execute_wrappers.remove(self)
