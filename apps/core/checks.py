"""Settings that would hurt are refused before they do."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from apps.core.tasks import BaseTaskWithRetry


@register(Tags.compatibility)
def task_times(**_kwargs: Any) -> list[CheckMessage]:
    """An unfinished task is handed to another worker after the visibility timeout: nothing may take longer."""
    conf = current_app.conf
    timeouts = (
        conf.broker_transport_options.get("visibility_timeout", 0),
        conf.result_backend_transport_options.get("visibility_timeout", 0),
        conf.get("visibility_timeout", 0),
    )
    errors: list[CheckMessage] = []
    if conf.task_time_limit is None or conf.task_time_limit >= min(timeouts):
        hint = "Keep task_time_limit below visibility_timeout, in all three places where Celery reads it."
        errors.append(Error("Tasks that take long would run twice.", hint=hint, id="core.E001"))
    if BaseTaskWithRetry.retry_backoff_max >= min(timeouts):
        hint = "Keep retry_backoff_max below visibility_timeout."
        errors.append(Error("Retries that wait long would run twice.", hint=hint, id="core.E002"))
    return errors


@register(Tags.caches)
def redis_databases(**_kwargs: Any) -> list[CheckMessage]:
    """A flush of the cache must drop neither the queue nor the limits."""
    urls = (settings.CELERY_BROKER_URL, settings.CACHES["default"]["LOCATION"], settings.LIMITER_URL)
    if len({_database(url) for url in map(str, urls)}) == len(urls):
        return []
    hint = "Give the broker, the cache and the limiter a Redis database each."
    return [Error("Broker, cache and limiter share a Redis database.", hint=hint, id="core.E003")]


def _database(url: str) -> str:
    """Return the database's number, which the URL of a socket names in its query, for each library differently."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return (query.get("db") or query.get("virtual_host") or [parts.path])[0].strip("/")
