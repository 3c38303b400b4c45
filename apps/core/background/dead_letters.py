"""Dead letters: messages that are not tasks, moved from Redis to the database, shown in the admin, sent again."""

from datetime import UTC, datetime
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.utils.json import dumps, loads

from apps.core.background.broker.storage import DEAD_LETTERS
from apps.core.models import DeadLetter
from apps.core.text import make_storable

# Entries that are read, and written, at once.
_BATCH = 500


class NotSentAgainError(Exception):
    """The message cannot be sent again; the text says why."""


def put_aside(message: Any, reason: str) -> None:
    """Move a message that a worker has received to the dead letters. Raises RedisError."""
    channel = message.channel
    if hasattr(channel, "put_aside"):
        channel.put_aside(message.delivery_tag, reason)
        return
    # Kombu's own transport: the message is rejected afterwards.
    queue = message.delivery_info.get("routing_key", "")
    channel.client.xadd(DEAD_LETTERS, {"queue": queue, "reason": reason, "message": dumps(message.serializable())})


def collect() -> int:
    """Move dead letters from Redis to the database; return how many. Raises RedisError if it is unavailable."""
    moved = 0
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client  # type: ignore[attr-defined] # Redis' channels have one
        while entries := client.xrange(DEAD_LETTERS, count=_BATCH):
            # Write first, delete then: an entry that is read twice becomes the same row.
            DeadLetter.objects.bulk_create([_row(*entry) for entry in entries], ignore_conflicts=True)
            client.xdel(DEAD_LETTERS, *[position for position, _ in entries])
            moved += len(entries)
    return moved


def _row(position: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    at = datetime.fromtimestamp(int(position.partition(b"-")[0]) / 1000, UTC)
    queue, reason = (_text(fields.get(name, b"")) for name in (b"queue", b"reason"))
    message = fields.get(b"message", b"")
    return DeadLetter(position=position.decode(), queue=queue[:255], reason=reason[:500], message=message, put_aside=at)


def _text(raw: bytes) -> str:
    return make_storable(raw.decode(errors="backslashreplace"))


def send_again(*, letter: DeadLetter) -> None:
    """Return a message to its queue, for workers that know its task by now.

    Raises NotSentAgainError for what is not a message.
    """
    try:
        message = loads(bytes(letter.message).decode())
        tag = message["properties"]["delivery_tag"]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise NotSentAgainError("it is no message.") from None
    if not isinstance(tag, str) or letter.queue not in current_app.amqp.queues:
        raise NotSentAgainError("it is no message." if letter.queue else "its queue is not known.")
    with transaction.atomic(), current_app.connection_for_write() as connection:
        letter.delete()
        connection.default_channel._put(letter.queue, loads(dumps(message)))  # type: ignore[attr-defined] # noqa: SLF001 - the transport's own
