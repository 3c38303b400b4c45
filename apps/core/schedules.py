"""Schedules are code: `beat_schedule` in conf/celery_settings.py is what beat's tables hold, after every migration.

Code owns what runs when; whoever runs the application owns whether it runs, and turns it off in the admin. What is
gone from the code goes from the tables. Schedules that people have made in the admin are left alone.
"""

from typing import Any

from celery import current_app
from django.db import transaction
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

OWNED = "Written by the code; only whether it is enabled can be changed here."


@transaction.atomic
def write_schedules(**_kwargs: Any) -> None:
    """Bring beat's tables in line with the code; `enabled` stays as it is."""
    wanted = current_app.conf.beat_schedule
    for name, entry in wanted.items():
        fields = ModelEntry._unpack_fields(**entry, description=OWNED)  # noqa: SLF001 - what from_entry() would write
        # One that has not changed is not written: until its first run, beat counts from its last change.
        if not PeriodicTask.objects.filter(name=name, **fields).exists():
            PeriodicTask.objects.update_or_create(name=name, defaults=fields)
    for gone in PeriodicTask.objects.filter(description=OWNED).exclude(name__in=wanted):
        # One by one: that it is gone is a signal's to tell beat.
        gone.delete()
