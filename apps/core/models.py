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
    """An effect outside the database that has happened (see apps/core/effects.py)."""

    key = models.CharField(max_length=255, primary_key=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.key
