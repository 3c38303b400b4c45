from queue import Empty
from typing import Any

from celery import current_app
from django.core.mail import EmailMessage
from knox.models import get_token_model
from rest_framework.test import APIClient

from apps.users.models import CustomUser

PASSWORD = "engine-no-1842"


def make_user(email: str = "ada@example.com", **fields: Any) -> CustomUser:
    return CustomUser.objects.create_user(email, PASSWORD, **fields)


def log_in(client: APIClient, user: CustomUser) -> Any:
    """Let the client send a real token; return the token's row."""
    row, token = get_token_model().objects.create(user=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return row


def run_tasks() -> None:
    """Do what a worker would do with the mails that are queued, in this process."""
    with current_app.connection_for_read() as connection:
        queue = connection.SimpleQueue("mail")
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                break
            message.ack()
            current_app.tasks[message.headers["task"]].apply(message.payload[0], task_id=message.headers["id"])


def link_token(mail: EmailMessage) -> str:
    return str(mail.body).partition("#token=")[2].split()[0]
