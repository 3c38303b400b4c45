"""The house's serializers refuse what they do not know, and take the types that the schema promises and no other."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from django.contrib.auth import get_user_model
from django.db import models
from django.http import QueryDict
from django.test.utils import isolate_apps
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from rest_framework.generics import CreateAPIView

from apps.core.api.serializers import NoFieldsSerializer, StrictModelSerializer, StrictSerializer


class CitySerializer(StrictSerializer[Any]):
    name = serializers.CharField()
    id = serializers.IntegerField(read_only=True)


class OrderSerializer(StrictSerializer[Any]):
    note = serializers.CharField(required=False)
    total = serializers.DecimalField(max_digits=8, decimal_places=2, read_only=True)
    placed = serializers.DateTimeField(read_only=True)
    paid = serializers.BooleanField(read_only=True)
    owner = serializers.HiddenField(default="ada")
    city = CitySerializer(required=False)
    stops = CitySerializer(many=True, required=False)


ORDER = SimpleNamespace(
    note="x",
    total=Decimal("9.50"),
    placed=datetime(2026, 11, 2, tzinfo=UTC),
    paid=True,
    city=SimpleNamespace(name="Rome", id=7),
    stops=[SimpleNamespace(name="Oslo", id=8), SimpleNamespace(name="Bonn", id=9)],
)


def codes(serializer: Any) -> Any:
    serializer.is_valid()
    return _codes(serializer.errors)


def _codes(errors: Any) -> Any:
    if isinstance(errors, dict):
        return {name: _codes(found) for name, found in errors.items() if found}
    return [_codes(found) if isinstance(found, dict | list) else found.code for found in errors]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"note": "x", "password": "y"}, {"password": ["unknown_field"]}),
        ({"note": "", "a": 1, "b": 2}, {"note": ["blank"], "a": ["unknown_field"], "b": ["unknown_field"]}),
        ({"owner": "eve"}, {"owner": ["unknown_field"]}),
        ({"": 1}, {"": ["unknown_field"]}),
        ({"Note": "x"}, {"Note": ["unknown_field"]}),
        ({"city": {"name": "Rome", "mayor": "x"}}, {"city": {"mayor": ["unknown_field"]}}),
        ({"stops": [{"name": "Rome"}, {"name": "Oslo", "x": 1}]}, {"stops": {1: {"x": ["unknown_field"]}}}),
        ({"paid": True}, {"paid": ["read_only"]}),
    ],
)
def test_refuses_fields_that_it_does_not_have(data: Any, expected: Any) -> None:
    assert codes(OrderSerializer(data=data)) == expected


def test_what_it_shows_can_be_sent_back() -> None:
    shown = OrderSerializer(ORDER).data
    assert codes(OrderSerializer(ORDER, data=shown)) == {}
    assert codes(OrderSerializer(ORDER, data={**shown, "note": "y"}, partial=True)) == {}


@pytest.mark.parametrize(
    "change",
    [{"total": "9.51"}, {"total": 9.5}, {"paid": False}, {"paid": 1}, {"placed": None}, {"placed": "2026-11-02"}],
)
def test_what_is_read_only_is_refused_when_it_differs(change: Any) -> None:
    assert codes(OrderSerializer(ORDER, data=change)) == {name: ["read_only"] for name in change}


def test_so_it_is_in_nested_ones() -> None:
    assert codes(OrderSerializer(ORDER, data={"city": {"name": "x", "id": 8}})) == {"city": {"id": ["read_only"]}}
    stops = [{"name": "x", "id": 9}, {"name": "y", "id": 10}]
    assert codes(OrderSerializer(ORDER, data={"stops": stops})) == {"stops": {1: {"id": ["read_only"]}}}


def test_tells_of_some_of_many_names() -> None:
    assert len(codes(OrderSerializer(data=dict.fromkeys(map(str, range(100_000)))))) == 20


def test_knows_the_names_of_a_form() -> None:
    assert codes(OrderSerializer(data=QueryDict("note=x&city.name=Rome&stops[0]name=Oslo"))) == {}
    assert codes(OrderSerializer(data=QueryDict("note=x&town.name=Rome"))) == {"town": ["unknown_field"]}


def test_of_no_fields_takes_an_empty_body_alone() -> None:
    assert codes(NoFieldsSerializer(data={})) == {}
    assert codes(NoFieldsSerializer(data={"x": 1})) == {"x": ["unknown_field"]}
    assert codes(NoFieldsSerializer(data=[])) == {"non_field_errors": ["invalid"]}


# One of each kind that Django has, as a new app would declare them.
with isolate_apps("apps.core"):

    class Everything(models.Model):  # noqa: DJ008 - never shown
        text = models.CharField(max_length=20)
        long_text = models.TextField()
        optional_text = models.CharField(max_length=20, blank=True)
        email = models.EmailField()
        slug = models.SlugField()
        url = models.URLField()
        number = models.IntegerField()
        positive = models.PositiveIntegerField()
        big = models.BigIntegerField()
        biggest = models.PositiveBigIntegerField()
        small = models.SmallIntegerField()
        real = models.FloatField()
        money = models.DecimalField(max_digits=8, decimal_places=2)
        flag = models.BooleanField()
        flag_or_null = models.BooleanField(null=True)
        day = models.DateField()
        moment = models.DateTimeField()
        time = models.TimeField()
        duration = models.DurationField()
        uuid = models.UUIDField()
        ip = models.GenericIPAddressField()
        json = models.JSONField()
        choice = models.CharField(max_length=1, choices=[("1", "one"), ("2", "two")])
        number_choice = models.IntegerField(choices=[(1, "one"), (2, "two")])
        owner = models.ForeignKey(get_user_model(), on_delete=models.CASCADE)

        class Meta:
            app_label = "core"


class EverythingSerializer(StrictModelSerializer[Any]):
    class Meta:
        model = Everything
        exclude = ("id",)


GOOD: dict[str, Any] = {
    "text": "x",
    "long_text": "x",
    "optional_text": "",
    "email": "ada@example.com",
    "slug": "a-b",
    "url": "https://example.com/",
    "number": -1,
    "positive": 0,
    "big": 2**63 - 1,
    "biggest": 1,
    "small": 1.0,
    "real": 1.5,
    "money": "-12.30",
    "flag": False,
    "flag_or_null": None,
    "day": "2026-11-02",
    "moment": "2026-11-02T09:30:00Z",
    "time": "09:30:00",
    "duration": "3 12:00:00.5",
    "uuid": "1f0d3e0a-6f0c-4c51-9a53-0f4b8f4d8c11",
    "ip": "127.0.0.1",
    "json": {"a": [1, None]},
    "choice": "1",
    "number_choice": 2,
}
VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.0,
    1.5,
    2**31,
    -(2**63) - 1,
    10**400,
    "",
    " ",
    "x",
    "0",
    "1",
    "1.5",
    "1e3",
    "true",
    "null",
    "x" * 10_000,
    "x" * 20 + " ",
    " x ",
    "x\n",
    "a\0b",
    "\N{ARABIC-INDIC DIGIT THREE}",
    [],
    ["x"],
    {},
    {"a": 1},
]


formats = jsonschema.FormatChecker(["date", "time", "uuid", "email", "ipv4", "ipv6"])
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(MOMENT.fullmatch(value)))
formats.checks("uri")(lambda value: not isinstance(value, str) or value.startswith("https://"))


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft202012Validator]:
    """Validators of what the schema says of each field."""
    view = CreateAPIView.as_view(serializer_class=EverythingSerializer)
    schema = SchemaGenerator(patterns=[path("api/v1/everything/", view)]).get_schema(public=True)
    [component] = [found for name, found in schema["components"]["schemas"].items() if name == "EverythingRequest"]
    assert component["additionalProperties"] is False
    definitions = {"components": schema["components"]}
    return {
        name: jsonschema.Draft202012Validator({**_nullable(found), **definitions}, format_checker=formats)
        for name, found in component["properties"].items()
    }


def _nullable(schema: Any) -> Any:
    """Say in JSON Schema's words what OpenAPI 3.0 says in its own."""
    return {"anyOf": [schema, {"type": "null"}]} if schema.get("nullable") else {"allOf": [schema]}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in GOOD if name != "json"])
def test_takes_just_what_the_schema_says(name: str, validators: dict[str, jsonschema.Draft202012Validator]) -> None:
    # Any number is one of JSON, and not every one is a float.
    values = [value for value in [GOOD[name], *VALUES] if (name, value) != ("real", 10**400)]
    accepted = [value for value in values if name not in codes(EverythingSerializer(data={name: value}))]
    said = [value for value in values if validators[name].is_valid(value)]
    assert list(map(repr, accepted)) == list(map(repr, said))
    assert GOOD[name] in accepted


@pytest.mark.django_db
@pytest.mark.parametrize("value", [value for value in VALUES if type(value) is not int])
def test_a_relation_takes_a_key_of_the_keys_type(value: Any) -> None:
    assert codes(EverythingSerializer(data={"owner": value}))["owner"] in (["incorrect_type"], ["null"])


@pytest.mark.django_db
def test_a_relation_takes_the_key_of_what_is_there() -> None:
    user = get_user_model().objects.create_user("ada@example.com")
    assert "owner" not in codes(EverythingSerializer(data={"owner": user.pk}))
    for key in (0, -1, 10**400):
        assert codes(EverythingSerializer(data={"owner": key}))["owner"] == ["does_not_exist"]
