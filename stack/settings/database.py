"""The application's database, as parameters for client programs. A password is never on a command line."""

import os
from dataclasses import dataclass

from checkout import database_url, paths, servers
from stack.bootstrap import variables
from stack.errors import StackError
from stack.settings.environment import Environment


@dataclass(frozen=True)
class Database:
    """A database by libpq's parameters: host, port, user, dbname and so on."""

    parameters: dict[str, str]
    is_local: bool

    @property
    def name(self) -> str:
        """Return the database's name."""
        return self.parameters["dbname"]

    @property
    def host(self) -> str:
        """Return the host, for messages."""
        return self.parameters.get("host", "")

    def conninfo(self, database: str = "", *, with_password: bool = False) -> str:
        """Return libpq's connection string for it, or for another database of the same server."""
        # It takes 40 ms, and few commands connect.
        from psycopg.conninfo import make_conninfo

        shown = {name: value for name, value in self.parameters.items() if with_password or name != "password"}
        return make_conninfo("", **shown | {"dbname": database or self.name})

    def environment(self) -> dict[str, str]:
        """Return the environment of a client program, with the password and without foreign variables."""
        password = self.parameters.get("password")
        # The libraries are for Python's wheels only.
        chosen = {name: value for name, value in variables.for_recipes(os.environ).items() if name != "LD_LIBRARY_PATH"}
        return chosen | ({"PGPASSWORD": password} if password else {})


def application_database(settings: Environment) -> Database:
    """Return the application's database. Raises StackError for an invalid DATABASE_URL."""
    if settings.database_url:
        return Database(parse_database_url(settings.database_url), servers.is_local(settings.database_url))
    own = {"host": str(paths.RUNTIME), "port": str(settings.postgres_port or 5432), "user": servers.POSTGRES_USER}
    return Database(own | {"dbname": servers.POSTGRES_DATABASE}, is_local=True)


def parse_database_url(url: str) -> dict[str, str]:
    """Return libpq's parameters for a URL. Raises StackError for an invalid one, without showing it."""
    try:
        return database_url.parse(url)
    except ValueError as error:
        raise StackError(str(error)) from None


def require_local(database: Database, what: str) -> None:
    """Raise StackError for a database on another machine: a command that replaces data refuses it."""
    if not database.is_local:
        raise StackError(
            f"`just {what}` replaces data, and DATABASE_URL points to {database.host}, which is not this machine."
            " Nothing was changed. Unset DATABASE_URL, or use that server's own tools."
        )
