"""The application's database, as the client programs take it: never a password on a command line."""

import os
from dataclasses import dataclass

from psycopg.conninfo import make_conninfo

from conf import database, local
from stack import variables
from stack.environment import Environment
from stack.errors import StackError


@dataclass(frozen=True)
class Target:
    """The parameters are libpq's: host, port, user, dbname and so on."""

    parameters: dict[str, str]
    is_local: bool

    @property
    def database(self) -> str:
        """Return the database's name."""
        return self.parameters["dbname"]

    @property
    def host(self) -> str:
        """Return the host, for messages."""
        return self.parameters.get("host", "")

    def place(self, database: str = "", *, with_password: bool = False) -> str:
        """Return where it is, or another database of the same server, in libpq's words."""
        shown = {name: value for name, value in self.parameters.items() if with_password or name != "password"}
        return make_conninfo("", **shown | {"dbname": database or self.database})

    def environment(self) -> dict[str, str]:
        """Return the environment for a client program, which takes the password from there, and nothing foreign."""
        password = self.parameters.get("password")
        # The libraries are for Python's wheels alone.
        chosen = {name: value for name, value in variables.for_recipes(os.environ).items() if name != "LD_LIBRARY_PATH"}
        return chosen | ({"PGPASSWORD": password} if password else {})


def of(settings: Environment) -> Target:
    """Return the database that the settings mean. Raises StackError for a DATABASE_URL that makes no sense."""
    if settings.database_url:
        return Target(parse(settings.database_url), local.is_local(settings.database_url))
    own = {"host": str(local.RUNTIME), "port": str(settings.postgres_port or 5432), "user": local.POSTGRES_USER}
    return Target(own | {"dbname": local.POSTGRES_DATABASE}, is_local=True)


def parse(url: str) -> dict[str, str]:
    """Return libpq's parameters for a URL. Raises StackError for one that is none, and never shows it."""
    try:
        return database.parse(url)
    except ValueError as error:
        raise StackError(str(error)) from None


def require_local(target: Target, what: str) -> None:
    """Raise StackError for a database of another machine, whose data a command would replace."""
    if not target.is_local:
        raise StackError(
            f"`just {what}` replaces data, and DATABASE_URL points to {target.host}, which is not this machine."
            " Nothing was changed. Unset DATABASE_URL, or use that server's own tools."
        )
