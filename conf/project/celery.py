"""The project's own queues, routes and schedules of tasks, besides those of conf/settings/celery.py."""

from typing import Any

from kombu import Queue

# A task of a queue that is not named here, or `default` or `mail`, is an error when it is sent.
task_queues: tuple[Queue, ...] = ()

task_routes: dict[str, dict[str, str]] = {
    # The queue of each task, by full name or pattern.
}

beat_schedule: dict[str, dict[str, Any]] = {
    # A name for people, with the task and its schedule.
}
