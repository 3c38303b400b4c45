"""What the tests of every app need. Users come from Django and tokens from Knox: apps.core knows no other app."""

from queue import Empty
from typing import Any

from celery import current_app
from django.contrib.auth import get_user_model
from knox.models import get_token_model
from rest_framework.test import APIClient

PASSWORD = "engine-no-1842"


def make_user(email: str = "ada@example.com", **fields: Any) -> Any:
    return get_user_model().objects.create_user(email, PASSWORD, **fields)


def log_in(client: APIClient, user: Any) -> Any:
    """Let the client send a real token from now on; return the token's row."""
    row, token = get_token_model().objects.create(user=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return row


def run_tasks() -> None:
    """Do in this process what a worker would do with all that is queued; raise what a task raises.

    A test that counts what is queued empties the queues first: current_app.control.purge().
    """
    with current_app.connection_for_read() as connection:
        for queue in current_app.amqp.queues:
            waiting = connection.SimpleQueue(queue)
            while True:
                try:
                    message = waiting.get(block=False)
                except Empty:
                    break
                message.ack()
                args, kwargs, _ = message.payload
                task = current_app.tasks[message.headers["task"]]
                task.apply(args, kwargs, task_id=message.headers["id"], throw=True)
