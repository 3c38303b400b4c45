"""Checks of the settings of background work."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import autodiscover_modules


@register(Tags.compatibility)
def task_times(**_kwargs: Any) -> list[CheckMessage]:
    """Kombu's own transport redelivers after the visibility timeout, so nothing may take longer."""
    if settings.TASK_LEASES:
        return []
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
    slow = [name for name, task in _tasks().items() if getattr(task, "retry_backoff_max", 0) >= min(timeouts)]
    if slow:
        hint = f"Keep retry_backoff_max below visibility_timeout. Not so: {', '.join(slow)}."
        errors.append(Error("Retries that wait long would run twice.", hint=hint, id="core.E002"))
    return errors


@register(Tags.compatibility)
def task_schedules(**_kwargs: Any) -> list[CheckMessage]:
    """A schedule of an unknown task fails only when it is due, at night, in the worker's log."""
    unknown = {entry["task"] for entry in current_app.conf.beat_schedule.values()}.difference(_tasks())
    hint = "Correct the name in beat_schedule, or import the task in its app's tasks.py."
    return [Error(f"There is no task {name} to be scheduled.", hint=hint, id="core.E014") for name in sorted(unknown)]


# Attributes of a task that Celery 6 ignores in favour of task_routes.
_ROUTED = ("queue", "exchange", "routing_key", "priority")


@register(Tags.compatibility)
def task_queues(**_kwargs: Any) -> list[CheckMessage]:
    """Celery 5.7 warns of a task that names its queue itself, which fails the tests; Celery 6 ignores it."""
    named = [
        name for name, task in _tasks().items() if any(vars(type(task)).get(option) is not None for option in _ROUTED)
    ]
    hint = 'Say where it goes in task_routes (conf/settings/celery.py): {"%s": {"queue": "…"}}.'
    message = "The task %s names its queue itself, which Celery is about to ignore."
    return [Error(message % name, hint=hint % name, id="core.E016") for name in sorted(named)]


@register(Tags.compatibility)
def heartbeats(**_kwargs: Any) -> list[CheckMessage]:
    """The heartbeat of the workers lives for some intervals, which have to be longer than 0."""
    if settings.TASK_HEARTBEAT >= 1:
        return []
    hint = "Set TASK_HEARTBEAT to some seconds, 20 for example."
    return [Error("Idle workers would never be healthy.", hint=hint, id="core.E015")]


def _tasks() -> dict[str, Any]:
    autodiscover_modules("tasks")
    return dict(current_app.tasks)


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
