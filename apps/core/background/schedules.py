"""Schedules are code: `beat_schedule` in conf/settings/celery.py is written to beat's tables after every migration.

The code owns what runs and when; operators own whether it runs, and disable it in the admin. An entry that is removed
from the code is removed from the tables. Schedules that were made in the admin are not touched.
"""

from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import ModelEntry

OWNED = "Written by the code; only whether it is enabled can be changed here."


@transaction.atomic
def write_schedules(**_kwargs: Any) -> None:
    """Bring beat's tables in line with the code; `enabled` stays as it is."""
    wanted = current_app.conf.beat_schedule
    for name, entry in wanted.items():
        fields = ModelEntry._unpack_fields(**entry, description=OWNED)  # noqa: SLF001 - what from_entry() would write
        # An unchanged entry is not written: until its first run, beat counts from the last change.
        if not PeriodicTask.objects.filter(name=name, **fields).exists():
            PeriodicTask.objects.update_or_create(name=name, defaults=fields)
    for gone in PeriodicTask.objects.filter(description=OWNED).exclude(name__in=wanted):
        # One by one: a signal of each tells beat.
        gone.delete()


def is_owned(schedule: PeriodicTask | None) -> bool:
    return schedule is not None and schedule.description == OWNED


@receiver(post_save, sender=CrontabSchedule)
@receiver(post_save, sender=IntervalSchedule)
@receiver(post_delete, sender=CrontabSchedule)
@receiver(post_delete, sender=IntervalSchedule)
def keep_times(created: bool = False, **_kwargs: Any) -> None:  # noqa: FBT001, FBT002
    """Restore the times of the code's schedules after somebody has changed or deleted a row that they share."""
    if not created:
        transaction.on_commit(_restore_times)


def _restore_times() -> None:
    wanted = {name: entry["schedule"] for name, entry in current_app.conf.beat_schedule.items()}
    stored = {entry.name: entry.schedule for entry in PeriodicTask.objects.filter(description=OWNED)}
    # Writing saves these rows, too, so write only if something differs.
    if any(name not in stored or stored[name] != schedule for name, schedule in wanted.items()):
        write_schedules()
