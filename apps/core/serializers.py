"""What the views of this app answer."""

from typing import Any

from celery import states
from rest_framework import serializers

# In the order of a task's life, for the documentation.
STATES = (states.PENDING, states.STARTED, states.RETRY, states.SUCCESS, states.FAILURE, states.REVOKED, states.IGNORED)


class PingSerializer(serializers.Serializer[Any]):
    ping = serializers.CharField()


class StartedTaskSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()


class TaskReportSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    task = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    result = serializers.JSONField(allow_null=True)
    error = serializers.CharField(allow_null=True, help_text="The kind of exception, of a task that failed")
    created = serializers.DateTimeField()
    started = serializers.DateTimeField(allow_null=True)
    finished = serializers.DateTimeField(allow_null=True)
