"""How much waits in the broker."""

from typing import NamedTuple

from celery import current_app


class Lengths(NamedTuple):
    """Tasks that wait in each queue; and those that a worker has taken and not finished, or has died with."""

    waiting: dict[str, int]
    taken: int


def lengths() -> Lengths:
    """Ask the broker. Raises RedisError or kombu's OperationalError where it is away."""
    with current_app.connection_for_read() as connection:
        client = connection.default_channel.client  # type: ignore[attr-defined] # Redis' channels have one
        waiting = {queue.name: int(client.llen(queue.name)) for queue in current_app.conf.task_queues}
        return Lengths(waiting, int(client.hlen("unacked")))
