"""What is in a cluster: enough to tell whether a copy is complete."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.rows import class_row

from stack.data import catalog
from stack.upgrade.server import Server

# Databases that were dropped or made only in part are not among them.
_DATABASES = """
    SELECT datname AS name, pg_database_size(oid) AS size, datallowconn AS is_open FROM pg_database
    WHERE datname <> 'template0' AND datconnlimit <> -2 AND NOT starts_with(datname, %s) ORDER BY datname
"""
_OF_CLUSTER = {
    "role": "SELECT rolname, rolpassword, rolsuper, rolcanlogin FROM pg_authid WHERE NOT starts_with(rolname, 'pg_')",
    "membership": "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE roleid >= 16384",
    "database": """
        SELECT datname, pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database
        WHERE datname = ANY(%s)
    """,
    "setting": """
        SELECT coalesce(datname, ''), coalesce(rolname, ''), split_part(unnest(setconfig), '=', 1)
        FROM pg_db_role_setting LEFT JOIN pg_database ON pg_database.oid = setdatabase
        LEFT JOIN pg_roles ON pg_roles.oid = setrole WHERE setdatabase = 0 OR datname = ANY(%s)
    """,
}
# What an extension has made is the extension's business, and differs between its versions.
_RELATIONS = """
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relpersistence <> 't' AND nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_') AND NOT EXISTS
    (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
"""
_TABLES = f"SELECT nspname, relname {_RELATIONS} AND relkind = 'r'"
_OF_DATABASE = {
    "extension": "SELECT extname FROM pg_extension",
    "relation": f"SELECT nspname, relname, relkind::text {_RELATIONS} AND relkind NOT IN ('i', 'I')",
    "sequence": f"SELECT nspname, relname, pg_sequence_last_value(pg_class.oid) {_RELATIONS} AND relkind = 'S'",
    "large objects": "SELECT count(*) FROM pg_largeobject_metadata",
}


class Database(NamedTuple):
    """A database, its size in bytes, and whether one can connect to it."""

    name: str
    size: int
    is_open: bool


def databases(server: Server) -> list[Database]:
    """Return the databases of a cluster."""
    with server.connect("template1") as connection, connection.cursor(row_factory=class_row(Database)) as cursor:
        return cursor.execute(_DATABASES, [catalog.UNFINISHED]).fetchall()


def extensions(server: Server, names: list[str]) -> dict[str, list[str]]:
    """Return the extensions that are installed, each with the names of its databases."""
    found: dict[str, list[str]] = {}
    for name in names:
        with server.connect(name) as connection:
            for (extension,) in connection.execute(_OF_DATABASE["extension"]).fetchall():
                found.setdefault(str(extension), []).append(name)
    return found


def facts(server: Server, names: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield everything that a copy has to have in common with what it is a copy of, as texts that name it."""
    with server.connect("template1") as connection:
        for kind, query in _OF_CLUSTER.items():
            yield from _rows((kind,), connection, query, [names] if "%s" in query else [])
    for name in names:
        with server.connect(name) as connection:
            for kind, query in _OF_DATABASE.items():
                yield from _rows((name, kind), connection, query)
            for schema, table in connection.execute(_TABLES).fetchall():
                count = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(str(schema), str(table)))
                yield from _rows((name, "rows", str(schema), str(table)), connection, count)


def _rows(
    head: tuple[str, ...], connection: Any, query: Any, values: list[Any] | None = None
) -> Iterator[tuple[str, ...]]:
    # Without values, a percent sign is one.
    for row in connection.execute(query, values or None).fetchall():
        yield (*head, *(str(value) for value in row))
