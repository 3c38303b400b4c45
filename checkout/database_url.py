"""Parses DATABASE_URL with libpq's own parser, for the settings and for the stack."""

from typing import Any

_SCHEMES = ("postgres://", "postgresql://")
_HERE = {"", "localhost", "127.0.0.1", "::1"}
_LAST_PORT = 65535

NOT_UNDERSTOOD = (
    "DATABASE_URL is not like postgres://user:password@host:port/name. Correct or unset it."
    " Write / @ and % in a password as %2F, %40 and %25."
)


def parse(url: str) -> dict[str, str]:
    """Return libpq's parameters: host, port, user, password, dbname, sslmode and so on.

    Raises ValueError for an invalid URL, without showing any part of it.
    """
    # The stack's commands mostly have no URL, and this takes 40 ms.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        # libpq reads other text as key=value pairs, and its error would show them, password included.
        # A line feed, as of a file of secrets, would belong to the name.
        found = conninfo_to_dict(url) if url.startswith(_SCHEMES) and url.isprintable() else {}
    except ProgrammingError:
        found = {}
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    if not _makes_sense(parameters):
        raise ValueError(NOT_UNDERSTOOD)
    return parameters


def _makes_sense(parameters: dict[str, str]) -> bool:
    # An unescaped / or @ in the password would end it, and its rest would be shown as a port, host or name.
    host, port, name = (parameters.get(part, "") for part in ("host", "port", "dbname"))
    is_path = host.startswith(("/", "@"))
    return (
        bool(name)
        and not set(name) & set("@/")
        and (is_path or not set(host) & set("@/"))
        and set(port) <= set("0123456789,")
        and all(0 < int(each) <= _LAST_PORT for each in port.split(",") if each)
    )


def is_local(url: str) -> bool:
    """Return whether all hosts of the URL are this machine; False for an invalid URL."""
    try:
        parameters = parse(url)
    except ValueError:
        return False
    # The hosts of a service are in another file.
    hosts = [*parameters.get("host", "").split(","), *parameters.get("hostaddr", "").split(",")]
    return "service" not in parameters and all(host in _HERE or host.startswith(("/", "@")) for host in hosts)


def for_django(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Return the entry of DATABASES. Raises ImproperlyConfigured naming the variable alone, for an invalid URL."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - the stack alone needs no Django

    try:
        parameters = parse(url)
    except ValueError as error:
        raise ImproperlyConfigured(str(error).replace("DATABASE_URL", variable)) from None
    names = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    known = {name: parameters.pop(parameter, "") for name, parameter in names.items()}
    # Django passes the other parameters, such as sslmode, to libpq.
    return {"ENGINE": "django.db.backends.postgresql", **known, "OPTIONS": parameters}
