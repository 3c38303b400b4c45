"""The token is found by SQL that is built once: what it returns is what the ORM would."""

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from knox.models import get_token_model

from apps.core.api import token_lookup
from apps.core.api.token_lookup import find_token
from apps.core.tests.helpers import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _build_it_anew() -> None:
    token_lookup._lookup.cache_clear()


def values(instance: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_it_returns_what_the_orm_returns_with_one_query() -> None:
    made, _ = get_token_model().objects.create(user=make_user(), user_agent="curl")
    expected = get_token_model().objects.select_related("user").get(pk=made.pk)

    with CaptureQueriesContext(connection) as queries:
        found = find_token(made.digest)
        user = found.user

    assert len(queries) == 1
    assert (type(found), values(found)) == (type(expected), values(expected))
    assert (type(user), values(user)) == (type(expected.user), values(expected.user))
    assert (found._state.adding, found._state.db) == (False, "default")
    assert not found.get_deferred_fields()
    assert found == expected


def test_an_unknown_digest_is_nothing() -> None:
    assert find_token("x" * 128) is None


def test_a_field_that_converts_its_values_is_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    field = get_token_model()._meta.get_field("user_agent")
    monkeypatch.setattr(field, "from_db_value", lambda value, *_: value.upper(), raising=False)
    made, _ = get_token_model().objects.create(user=make_user(), user_agent="curl")
    assert find_token(made.digest).user_agent == "CURL"
    token_lookup._lookup.cache_clear()
