"""A page is the same whether it is read in one step or in two."""

from typing import Any

import pytest
from django.core.paginator import EmptyPage, Paginator
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from apps.core.api import pagination
from apps.core.api.pagination import DeepPaginator
from apps.core.models import Effect

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> QuerySet[Effect]:
    monkeypatch.setattr(pagination, "_DEEP", 10)
    Effect.objects.bulk_create(Effect(key=f"key {number % 7} {number}") for number in range(47))
    return Effect.objects.order_by("key")


@pytest.mark.parametrize("number", range(1, 11))
def test_its_rows_and_their_order_are_as_usual(rows: QuerySet[Effect], number: int) -> None:
    ours, usual = DeepPaginator(rows, 5).page(number), Paginator(rows, 5).page(number)
    assert list(ours) == list(usual)
    assert (ours.has_next(), ours.has_previous(), len(ours)) == (usual.has_next(), usual.has_previous(), len(usual))


def test_a_page_that_does_not_exist_is_refused(rows: QuerySet[Effect]) -> None:
    with pytest.raises(EmptyPage):
        DeepPaginator(rows, 5).page(11)


def test_only_a_deep_page_takes_a_second_query(rows: QuerySet[Effect]) -> None:
    for number, queries in ((1, 2), (3, 3)):
        with CaptureQueriesContext(connection) as counted:
            list(DeepPaginator(rows, 5).page(number))
        assert len(counted) == queries


@pytest.mark.parametrize("listed", [list, lambda rows: rows.distinct(), lambda rows: rows.union(rows).order_by("key")])
def test_what_is_no_plain_queryset_is_read_as_usual(rows: QuerySet[Effect], listed: Any) -> None:
    assert len(DeepPaginator(listed(rows), 5).page(4)) == 5
