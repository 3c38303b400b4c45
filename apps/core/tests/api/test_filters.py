from typing import Any

import pytest
from django_filters.rest_framework import CharFilter

from apps.core.api.filters import StrictBooleanFilter, StrictDateFilter, StrictFilterSet, StrictIntegerFilter
from apps.core.models import StartedTask
from apps.core.tests.helpers import make_user

pytestmark = pytest.mark.django_db


class TaskFilter(StrictFilterSet):
    name = CharFilter()
    of = StrictIntegerFilter(field_name="user_id")
    since = StrictDateFilter(field_name="created", lookup_expr="date__gte")
    anonymous = StrictBooleanFilter(field_name="user_id", lookup_expr="isnull")

    class Meta:
        model = StartedTask
        fields = ("name", "of", "since", "anonymous")


def found(**query: Any) -> list[str] | list[Any]:
    """Return the names of what is found, or the errors."""
    filters = TaskFilter(query, queryset=StartedTask.objects.order_by("name"))
    return [task.name for task in filters.qs] if filters.is_valid() else sorted(filters.errors)


@pytest.fixture(autouse=True)
def one() -> StartedTask:
    return StartedTask.objects.create(name="one", user=make_user())


def test_what_is_understood_finds_rows(one: StartedTask) -> None:
    assert found() == found(of=str(one.user_id)) == found(since="2020-01-01") == found(anonymous="false") == ["one"]
    assert found(since="2999-01-01") == found(anonymous="true") == []


@pytest.mark.parametrize("number", ["0", "-1", "999999999999999999999999"])
def test_the_id_of_a_row_that_is_not_there_finds_none(number: str) -> None:
    assert found(of=number) == []


@pytest.mark.parametrize("name", ["of", "since", "anonymous"])
@pytest.mark.parametrize("value", ["", " ", "x", "1.5", "11/27/2026", "Nov 27 2026"])
def test_what_is_not_understood_is_an_error(name: str, value: str) -> None:
    assert found(**{name: value}) == [name]


def test_an_empty_text_is_a_value() -> None:
    assert found(name="") == ["one"]
