"""Copies what is in one running cluster into another one: roles and databases.

By the new version's pg_dump: it reads every older version, and what it writes fits any locale, with or without
checksums. pg_upgrade would need both clusters to agree in all of these.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import make_conninfo

from checkout import servers
from stack.errors import StackError
from stack.settings import environment
from stack.settings.database import application_database
from stack.upgrade.server import Server

# They are in every new cluster.
_BUILT_IN = ("postgres", "template1")
_CREATE_DATABASE = re.compile(r"^CREATE DATABASE .*;$", re.MULTILINE)
# Servers of November 2026 and later mark columns by an option. An older pg_dump writes it out, and an older server
# refuses it.
_MARK = "pg_attver="
_MARKED = re.compile(rf"^(ALTER TABLE .* ALTER COLUMN .* SET \()(.*\b{_MARK}.*)\);$", re.MULTILINE)


class Transfer:
    """A transfer from an old to a new server, by the client programs of the new one.

    Its methods raise StackError, with what Postgres said, if something cannot be copied.
    """

    def __init__(self, old: Server, new: Server, programs: Path) -> None:
        """Take the environment in which client programs run."""
        self._old, self._new, self._programs = old, new, programs
        self._variables = application_database(environment.read()).environment()
        # A database or a role may be set to read only.
        self._writing = self._variables | {"PGOPTIONS": "-c default_transaction_read_only=off"}

    def roles(self) -> None:
        """Copy the roles, with their passwords, memberships and settings."""
        dumped = self._dump("pg_dumpall", "--globals-only", "--no-tablespaces", "--encoding=UTF8")
        # Every cluster has the one that made it.
        self._load(dumped.replace(f"\nCREATE ROLE {servers.POSTGRES_USER};\n", "\n"), "the roles were")

    def database(self, name: str) -> None:
        """Copy a database, with its comment, owner, privileges, settings and statistics."""
        what = f"the database {name} was"
        options = (_dbname(name), "--encoding=UTF8", "--no-tablespaces", "--statistics")
        definitions = self._dump("pg_dump", "--create", "--section=pre-data", *options)
        self._load(prepared(definitions, name), what)
        self._stream(name, what, "--section=data", "--section=post-data", *options)

    def _dump(self, program: str, *options: str) -> str:
        command = self._client(program, self._old, *options)
        done = subprocess.run(command, env=self._variables, capture_output=True, check=False)
        if done.returncode:
            raise _refused("the old cluster was", done.stderr)
        return done.stdout.decode()

    def _load(self, statements: str, what: str) -> None:
        command = self._psql("postgres")
        done = subprocess.run(command, input=statements.encode(), env=self._writing, capture_output=True, check=False)
        if done.returncode:
            raise _refused(what, done.stderr)

    def _stream(self, name: str, what: str, *options: str) -> None:
        """Send rows, which may be many, from program to program."""
        command = self._client("pg_dump", self._old, *options)
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(command, env=self._variables, stdout=subprocess.PIPE, stderr=said) as source:
                loading = self._psql(name)
                done = subprocess.run(loading, stdin=source.stdout, env=self._writing, stderr=said, check=False)
            if done.returncode or source.returncode:
                said.seek(0)
                raise _refused(what, said.read())

    def _psql(self, database: str) -> list[str]:
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", _dbname(database))
        return self._client("psql", self._new, *options)

    def _client(self, program: str, server: Server, *options: str) -> list[str]:
        return [str(self._programs / program), *server.options(), *options]


def prepared(definitions: str, name: str) -> str:
    """Return the definitions of a database as pg_dump writes them, with the new cluster's locale, for any version."""
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0;").format(sql.Identifier(name)).as_string(None)
    # The name may have a backslash in it.
    text = _CREATE_DATABASE.sub(lambda _: "" if name in _BUILT_IN else create, definitions, count=1)
    return _MARKED.sub(_without_mark, text)


def _without_mark(statement: re.Match[str]) -> str:
    options = [option for option in statement[2].split(", ") if not option.startswith(_MARK)]
    return f"{statement[1]}{', '.join(options)});" if options else ""


def _dbname(name: str) -> str:
    return f"--dbname={make_conninfo('', dbname=name)}"


def _refused(what: str, said: bytes) -> StackError:
    text = said.decode(errors="replace").strip()
    return StackError(f"{what} not copied. The old cluster is in its place, as it was. Postgres said:\n{text}")
