"""Tasks that misbehave, for the tests of background work."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F

from apps.core.background.idempotency import once
from apps.core.models import StartedTask
from apps.core.tasks import BaseTaskWithRetry, do_nothing
from apps.users.models import CustomUser


def note(line: str) -> None:
    """Have an effect outside the database: one line in a file, written in one piece."""
    file = os.open(Path(__file__).parents[3] / ".state" / "effects", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


@shared_task(base=BaseTaskWithRetry)
def trial_effect(number: int) -> int:
    time.sleep(0.02)
    with once(f"trial:{number}") as first:
        if first:
            note(f"{number} {time.time()}")
    return number


@shared_task(base=BaseTaskWithRetry)
def trial_kills_itself() -> None:
    note("delivered poison")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(base=BaseTaskWithRetry, max_retries=0)
def trial_needs_too_much_memory() -> None:
    note("delivered memory")
    raise MemoryError


@shared_task(base=BaseTaskWithRetry)
def trial_kills_its_worker() -> None:
    note("delivered worker poison")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


@shared_task(base=BaseTaskWithRetry)
def trial_sleeps(seconds: float) -> None:
    time.sleep(seconds)


@shared_task(base=BaseTaskWithRetry, soft_time_limit=1, time_limit=2)
def trial_hangs() -> None:
    while True:
        with suppress(SoftTimeLimitExceeded):
            time.sleep(60)


@shared_task(base=BaseTaskWithRetry)
def trial_fails() -> None:
    raise ValueError


@shared_task(base=BaseTaskWithRetry, ignore_result=True)
def trial_tick() -> None:
    note(f"tick {time.time()}")


@shared_task(base=BaseTaskWithRetry)
def trial_notes(name: str, seconds: float) -> None:
    note(f"start {name} {time.time()}")
    time.sleep(seconds)


@shared_task(base=BaseTaskWithRetry)
def trial_mails_before_its_row(user_id: int) -> None:
    user = CustomUser.objects.get(pk=user_id)
    user.email_user("Welcome", "It is good to have you here.")
    StartedTask.objects.create(user=user, name="welcomed")


@shared_task(base=BaseTaskWithRetry)
def trial_counts_without_a_key(user_id: int) -> None:
    CustomUser.objects.filter(pk=user_id).update(session_version=F("session_version") + 1)


@shared_task(base=BaseTaskWithRetry)
def trial_sends_before_the_commit(user_id: int) -> None:
    with transaction.atomic():
        StartedTask.objects.get_or_create(user_id=user_id, name="ordered")
        do_nothing.delay()


@shared_task(base=BaseTaskWithRetry, max_retries=0)
def trial_finds_nobody() -> None:
    raise LookupError("Nobody is there.")
