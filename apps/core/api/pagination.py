import re
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

# Rows before a page from which on it is read in two steps.
_DEEP = 1000


class DeepPaginator(Paginator):  # type: ignore[type-arg] # generic for type checkers alone
    """Read a page that is far from the first one in two steps: its keys, from the index alone, then its rows.

    Postgres reads every row before a page to skip it; the entries of an index are a fraction of the rows.
    """

    def page(self, number: Any) -> "Page[Any]":
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows = self.object_list
        if bottom < _DEEP or not isinstance(rows, QuerySet) or rows.query.combinator or rows.query.distinct:
            return super().page(number)
        keys = list(rows.values_list("pk", flat=True)[bottom : bottom + self.per_page])
        found = {row.pk: row for row in rows.filter(pk__in=keys)}
        return Page([found[key] for key in keys if key in found], number, self)


class StrictPageNumberPagination(PageNumberPagination):
    """Pages by number. Empty text, "last" and "1_0", which the framework accepts, are refused."""

    django_paginator_class = DeepPaginator

    def get_page_number(self, request: Request, paginator: Any) -> str:
        number: str = request.query_params.get(self.page_query_param, "1")
        if not re.fullmatch("[0-9]+", number):
            raise NotFound(self.invalid_page_message.format(page_number=number, message="not a number"))
        return number
