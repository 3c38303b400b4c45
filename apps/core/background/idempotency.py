"""Idempotency keys, for effects outside the database: a mail, a charge, a call to another API.

A task may be delivered more than once, even to two workers at the same time: its worker dies before it acknowledges,
or somebody sends it twice. Put what it does outside into a block of `once`::

    @shared_task(base=BaseTaskWithRetry)
    def send_welcome(user_id: int) -> None:
        user = CustomUser.objects.get(pk=user_id)
        with once(f"welcome:{user_id}") as first:
            if first:
                user.email_user(...)

The key names the occasion. A user is welcomed once; a password is reset often, so that key contains the id of the
request. Keys are purged after RETENTION, which is longer than any message can wait.

How it works. The block is one transaction that begins by inserting the key, which is unique:

- delivered again later: the key exists, and `first` is False;
- delivered twice at the same time: the second insert waits in Postgres until the first block ends;
- the block raises, or its process, worker or connection dies: Postgres rolls the key back at once, no lease has to
  expire, and the retry or redelivery has the effect;
- what the block writes to the database is committed together with the key, hence exactly once.

What it cannot do: an effect outside has no rollback. If the process dies after the effect and before the commit, a
few milliseconds later, the effect happens again. So it happens at least once, and twice only in this window. If twice
is worse than never, also pass the key to the other side as its idempotency key.

Keep the block short, since its transaction is open while it runs; make the effect its last line; give every call to
the outside a timeout.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from apps.core.models import Effect

RETENTION = timedelta(days=30)


@contextmanager
def once(key: str) -> Iterator[bool]:
    """Insert the key for the block; yield whether it is new, hence whether the effect is to happen."""
    # Durable: inside an outer transaction the effect would happen, and its key might be rolled back.
    with transaction.atomic(durable=True):
        _, first = Effect.objects.get_or_create(key=key)
        yield first
