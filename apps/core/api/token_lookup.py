"""Finds a token and its user by one query, whose SQL is built once, and planned once for each connection.

The ORM takes as long to build it as Postgres takes to answer it, and half of the answer is the plan.
"""

from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from knox.models import get_token_model

from apps.core.postgres import prepared


class Lookup(NamedTuple):
    """The query, the columns of each model in it, and what fields convert values from the database with."""

    sql: str
    token: type[Model]
    user: type[Model]
    token_columns: list[str]
    user_columns: list[str]
    compiler: Any
    converters: Any


def find_token(digest: str) -> Any:
    """Return the token with its user, or None. The instances are as the ORM makes them."""
    lookup = _lookup()
    row: Any = prepared.fetch_one(lookup.sql, [digest])
    if row is None:
        return None
    if lookup.converters:
        row = next(iter(lookup.compiler.apply_converters([row], lookup.converters)))
    count = len(lookup.token_columns)
    token: Any = lookup.token.from_db(DEFAULT_DB_ALIAS, lookup.token_columns, row[:count])
    token.user = lookup.user.from_db(DEFAULT_DB_ALIAS, lookup.user_columns, row[count:])
    return token


@cache
def _lookup() -> Lookup:
    token = get_token_model()
    query = token.objects.select_related("user").filter(digest="").order_by().query
    compiler = query.get_compiler(using=DEFAULT_DB_ALIAS)
    sql, _ = compiler.as_sql()
    selected = [column for column, _, _ in compiler.select]
    columns = [column.target.attname for column in selected]
    fields = token._meta  # noqa: SLF001 - Django documents it
    count = len(fields.concrete_fields)
    user = fields.get_field("user").related_model
    converters = compiler.get_converters(selected)
    return Lookup(sql, token, user, columns[:count], columns[count:], compiler, converters)
