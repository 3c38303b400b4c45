"""Fields that accept the JSON type in the schema, and no other.

Django REST framework accepts a number as text, the text "yes" as true, and true as 1. These fields refuse that.
StrictModelSerializer (serializers.py) uses them for the fields of a model.
"""

import re
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """Text only. Its length counts surrounding blanks, as the schema does."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class StrictEmailField(StrictCharField, serializers.EmailField):
    pass


class StrictSlugField(StrictCharField, serializers.SlugField):
    def __init__(self, **kwargs: Any) -> None:
        # Its pattern, which the schema tells, has no blanks.
        super().__init__(**{"trim_whitespace": False, **kwargs})


class StrictURLField(StrictCharField, serializers.URLField):
    pass


class StrictBooleanField(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictIntegerField(serializers.IntegerField):
    """A number without a fraction; 1.0 is one, as in JSON Schema."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data % 1 != 0:
            self.fail("invalid")
        return int(data)


class StrictFloatField(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(super().to_internal_value(data))


class _AsText:
    """A value that is sent as text. Anything else counts as empty text, which each field refuses in its own words."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data if isinstance(data, str) else "")  # type: ignore[misc] # a field's


class StrictDateField(_AsText, serializers.DateField):
    pass


class StrictDateTimeField(_AsText, serializers.DateTimeField):
    pass


class StrictTimeField(_AsText, serializers.TimeField):
    pass


class StrictUUIDField(_AsText, serializers.UUIDField):
    pass


# The format that Django writes; it reads others, too.
_DURATION = r"^(-?[0-9]{1,6} )?[0-9]{2}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$"


@extend_schema_field({"type": "string", "pattern": _DURATION})
class StrictDurationField(serializers.DurationField):
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not re.fullmatch(_DURATION, data):
            self.fail("invalid", format="[D ]HH:MM:SS[.ffffff]")
        return super().to_internal_value(data)


class StrictDecimalField(serializers.DecimalField):
    """Digits as text: a JSON number would pass through binary fractions. See also openapi.py."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not re.fullmatch(self.pattern, data):
            self.fail("invalid")
        return super().to_internal_value(data)

    @property
    def pattern(self) -> str:
        whole = f"{{1,{self.max_whole_digits}}}" if self.max_whole_digits else "+"
        places = f"{{1,{self.decimal_places}}}" if self.decimal_places else "+"
        return rf"^-?[0-9]{whole}(\.[0-9]{places})?$" if self.decimal_places != 0 else rf"^-?[0-9]{whole}$"


class StrictChoiceField(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        # The framework compares texts, so "1" would equal 1; in JSON 1.0 does.
        same = int(data) if isinstance(data, float) and data % 1 == 0 else data
        value = super().to_internal_value(same)
        if any(isinstance(same, kind) != isinstance(value, kind) for kind in (bool, str)):
            self.fail("invalid_choice", input=data)
        return value


class StrictPrimaryKeyRelatedField(serializers.PrimaryKeyRelatedField[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if self.pk_field is None and not _is_of(_model(self).pk, data):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class StrictSlugRelatedField(serializers.SlugRelatedField[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if not _is_of(_model(self).get_field(self.slug_field), data):
            self.fail("invalid")
        return super().to_internal_value(data)


def _model(field: serializers.RelatedField[Any, Any, Any]) -> Any:
    """Return the options (`_meta`) of the model that a writable field points to."""
    queryset = field.get_queryset()
    assert queryset is not None  # noqa: S101 - a field without one is read only
    return queryset.model._meta  # noqa: SLF001 - public API


def _is_of(field: Any, data: Any) -> bool:
    """Return whether the data has the JSON type of the model's field: a number for integers, otherwise text."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return type(data) is (int if isinstance(field, models.IntegerField) else str)


# The fields of StrictModelSerializer, by model field. For others the framework's own are used.
STRICT_FIELDS: dict[Any, Any] = {
    models.AutoField: StrictIntegerField,
    models.BigAutoField: StrictIntegerField,
    models.BigIntegerField: StrictIntegerField,
    models.BooleanField: StrictBooleanField,
    models.CharField: StrictCharField,
    models.DateField: StrictDateField,
    models.DateTimeField: StrictDateTimeField,
    models.DecimalField: StrictDecimalField,
    models.DurationField: StrictDurationField,
    models.EmailField: StrictEmailField,
    models.FloatField: StrictFloatField,
    models.IntegerField: StrictIntegerField,
    models.PositiveBigIntegerField: StrictIntegerField,
    models.PositiveIntegerField: StrictIntegerField,
    models.PositiveSmallIntegerField: StrictIntegerField,
    models.SlugField: StrictSlugField,
    models.SmallAutoField: StrictIntegerField,
    models.SmallIntegerField: StrictIntegerField,
    models.TextField: StrictCharField,
    models.TimeField: StrictTimeField,
    models.URLField: StrictURLField,
    models.UUIDField: StrictUUIDField,
}
