"""Effects outside the database, of which one is enough: a mail, a charge, a call to somebody else's API.

A task may be delivered more than once, even to two workers at the same time: its worker died before it could
acknowledge, or somebody sent it twice. What it does outside goes into a block of `once`::

    @shared_task(base=BaseTaskWithRetry)
    def send_welcome(user_id: int) -> None:
        user = CustomUser.objects.get(pk=user_id)
        with once(f"welcome:{user_id}") as first:
            if first:
                user.email_user(...)

The key names the occasion: "welcome" happens once to a user; a password reset happens often, so its key holds the
id of that one request. Keys are kept for KEPT, longer than any message can wait, and then purged.

How it holds. The block is one transaction that begins by inserting the key, which is unique:

- delivered again later: the key is there, `first` is False;
- delivered twice at once: the second insert waits in Postgres until the first block ends, then knows;
- the block raises, or its process, its worker, or its connection dies: Postgres rolls the key back at once, no
  lease has to run out, and the task's retry or redelivery does the effect;
- what the block writes to the database is committed with the key or not at all: that happens exactly once.

What it cannot do: the world outside has no rollback. A process that dies after the effect and before the commit,
a few milliseconds, does the effect again: at least once, and twice only in this window. A mail twice beats a mail
lost. Where twice is worse than never, also hand the key to the other side, as its idempotency key.

So keep the block short (the transaction is open while it runs), the effect its last line, and give every call to
the outside a timeout.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from apps.core.models import Effect

KEPT = timedelta(days=30)


@contextmanager
def once(key: str) -> Iterator[bool]:
    """Hold the key for the block; yield whether this is the first time, hence whether the effect is to happen."""
    # Durable: inside somebody else's transaction the effect would happen, and its key might be rolled back.
    with transaction.atomic(durable=True):
        _, first = Effect.objects.get_or_create(key=key)
        yield first
