"""DATABASE_URL in libpq's words: the one parser for the settings and for the stack, and it is libpq's own."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

_SCHEMES = ("postgres://", "postgresql://")
_HERE = {"", "localhost", "127.0.0.1", "::1"}

NOT_UNDERSTOOD = (
    "DATABASE_URL is not like postgres://user:password@host:port/name. Correct or unset it."
    " Write / @ and % in a password as %2F, %40 and %25."
)


def parse(url: str) -> dict[str, str]:
    """Return libpq's parameters: host, port, user, password, dbname, sslmode and so on.

    Raises ValueError for what is no URL of a database; its text never shows any of it.
    """
    try:
        # What is no URL would be read as something else, and complained about word by word, password included.
        found = conninfo_to_dict(url) if url.startswith(_SCHEMES) else {}
    except ProgrammingError:
        found = {}
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    if not _makes_sense(parameters):
        raise ValueError(NOT_UNDERSTOOD)
    return parameters


def _makes_sense(parameters: dict[str, str]) -> bool:
    # A / or @ of the password would end it: the rest of it would be a port, a host or a name, and be shown as such.
    host, port, name = (parameters.get(part, "") for part in ("host", "port", "dbname"))
    is_path = host.startswith(("/", "@"))
    return (
        bool(name)
        and not set(name) & set("@/")
        and (is_path or not set(host) & set("@/"))
        and set(port) <= set("0123456789,")
    )


def is_local(url: str) -> bool:
    """Return whether the URL means this machine, in every host that it names. What is no URL does not."""
    try:
        parameters = parse(url)
    except ValueError:
        return False
    # The hosts of a service are in a file.
    hosts = [*parameters.get("host", "").split(","), *parameters.get("hostaddr", "").split(",")]
    return "service" not in parameters and all(host in _HERE or host.startswith(("/", "@")) for host in hosts)


def for_django(url: str) -> dict[str, Any]:
    """Return the entry of DATABASES. Raises ImproperlyConfigured, and never shows the URL, for what is none."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - the stack alone needs no Django

    try:
        parameters = parse(url)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None
    names = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    known = {name: parameters.pop(parameter, "") for name, parameter in names.items()}
    # What is left, sslmode for example, Django hands to libpq as it is.
    return {"ENGINE": "django.db.backends.postgresql", **known, "OPTIONS": parameters}
