"""Counts requests."""

from functools import cache
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from prometheus_client import Counter, Histogram

from apps.core.signals import request_served

# Whatever else a client calls its method is one label.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_duration = Histogram(
    "http_request_duration_seconds", "Requests, by time", ["method", "route", "status"], buckets=_BUCKETS
)
_queries = Counter("http_request_queries", "Queries to the database", ["route"])
_query_seconds = Counter("http_request_query_seconds", "Time of queries to the database", ["route"])
_throttled = Counter("http_requests_throttled", "Requests that a limit refused", ["route"])
login_failures = Counter("login_failures", "Logins that failed")


# As many as there are labels, which are bounded; to look them up here is faster than in the library.
@cache
def _of_requests(method: str, route: str, status: int) -> Histogram:
    return _duration.labels(method, route, status)


@cache
def _of_queries(route: str) -> tuple[Counter, Counter]:
    return _queries.labels(route), _query_seconds.labels(route)


@receiver(request_served)
def count_request(line: dict[str, Any], **_kwargs: Any) -> None:
    method = line["method"] if line["method"] in _METHODS else "OTHER"
    route = "unmatched" if line["route"] is None else line["route"]
    _of_requests(method, route, line["status"]).observe(line["duration_ms"] / 1000)
    if line["queries"]:
        queries, seconds = _of_queries(route)
        queries.inc(line["queries"])
        seconds.inc(line["query_ms"] / 1000)
    if line["status"] == 429:  # noqa: PLR2004 - too many requests
        _throttled.labels(route).inc()


@receiver(user_login_failed)
def count_login_failure(**_kwargs: Any) -> None:
    login_failures.inc()
