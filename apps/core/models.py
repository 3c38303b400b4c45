import uuid

from django.conf import settings
from django.db import models


class StartedTask(models.Model):
    """The owner of a background task. Its id is that of the task, and of the result that Celery stores."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="started_tasks")
    name = models.CharField(max_length=255)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class Effect(models.Model):
    """The idempotency key of an effect outside the database (see apps/core/background/idempotency.py)."""

    key = models.CharField(max_length=255, primary_key=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.key


class DeadLetter(models.Model):
    """A message that is not a task; position is its id in the stream of dead letters."""

    position = models.CharField(max_length=40, unique=True)
    queue = models.CharField(max_length=255)
    reason = models.CharField(max_length=500)
    message = models.BinaryField()
    put_aside = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-put_aside",)

    def __str__(self) -> str:
        return f"{self.queue}: {self.reason}"


class FailedTask(models.Model):
    """The arguments of a failed task as JSON, to run it again.

    The result has only a shortened text of the arguments, which the sender may have replaced to hide something. These
    are the arguments themselves, which are never shown. queue is empty for a task that is part of a canvas.
    """

    task_id = models.CharField(max_length=255, primary_key=True)
    arguments = models.TextField()
    queue = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return self.task_id
