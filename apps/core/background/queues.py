"""How many tasks are in the broker."""

from celery import current_app

from checkout import queues


def lengths() -> queues.Lengths:
    """Ask the broker. Raises RedisError or kombu's OperationalError if it is unavailable."""
    with current_app.connection_for_read() as connection:
        client = connection.default_channel.client  # type: ignore[attr-defined] # Redis' channels have one
        return queues.lengths(client, [queue.name for queue in current_app.conf.task_queues])
