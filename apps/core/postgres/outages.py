"""Tells a Postgres that is away from a query that failed."""

from django.db import OperationalError
from psycopg import errors

# Without an SQLSTATE the connection was not made, or is lost. 08: of the connection. 57P: it stops, starts or ends the
# session. 53300: too many connections.
_OF_AN_OUTAGE = ("08", "57P", errors.TooManyConnections.sqlstate)


def is_outage(error: BaseException) -> bool:
    """Return whether an error of Django's says that Postgres cannot be reached, so that trying again later may help."""
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return not state or state.startswith(_OF_AN_OUTAGE)
