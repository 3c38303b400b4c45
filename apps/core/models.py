import uuid

from django.conf import settings
from django.db import models


class StartedTask(models.Model):
    """Whose background task it is; its id is the task's id for Celery, and for the result that Celery stores."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="started_tasks")
    name = models.CharField(max_length=255)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class Effect(models.Model):
    """An effect outside the database that has happened (see apps/core/background/idempotency.py)."""

    key = models.CharField(max_length=255, primary_key=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.key


class DeadLetter(models.Model):
    """A message that no worker could take for a task; position is the one that it had among what was put aside."""

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
    """With what a task ran that has failed, as JSON, for whoever runs it again.

    The result has a text of the arguments for people, shortened, which a caller may have written to hide something.
    These are the arguments themselves, and nobody is shown them. queue is empty for a task that is part of a canvas.
    """

    task_id = models.CharField(max_length=255, primary_key=True)
    arguments = models.TextField()
    queue = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return self.task_id
