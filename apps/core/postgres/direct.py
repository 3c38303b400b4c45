"""The way to Postgres around a pool."""

from django.conf import settings
from django.db import connection


def use_direct_connection() -> None:
    """Have this process connect to DATABASE_DIRECT_URL from now on; nothing changes where that is not set.

    For migrations: their locks belong to a session, which a pool of transactions takes away in the middle.
    """
    if settings.DIRECT_DATABASE:
        connection.close()
        connection.settings_dict.update(settings.DIRECT_DATABASE)
