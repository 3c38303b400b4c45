"""The base classes of all serializers that read a body.

Bodies are strict: an unknown field is an error, since its sender believes that it has an effect.
"""

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Manager, Model
from rest_framework import serializers
from rest_framework.fields import SkipField, empty
from rest_framework.relations import PKOnlyObject
from rest_framework.utils import html
from rest_framework.utils.encoders import JSONEncoder

from apps.core.api.fields import (
    STRICT_FIELDS,
    StrictChoiceField,
    StrictPrimaryKeyRelatedField,
    StrictSlugRelatedField,
)

Instance = TypeVar("Instance")
ModelInstance = TypeVar("ModelInstance", bound=Model)
# Errors in one response: a body can hold a hundred thousand unknown names.
_MAX_ERRORS = 20
UNKNOWN = serializers.ErrorDetail("There is no such field here.", code="unknown_field")
READ_ONLY = serializers.ErrorDetail("This field is read only. Leave it out, or as it is.", code="read_only")


class StrictFields:
    """Refuse fields that the serializer does not have, also in nested serializers.

    A read-only field is accepted if its value is unchanged, so that the response of a GET can be PUT.
    """

    def to_internal_value(self: Any, data: Any) -> Any:
        try:
            value = super().to_internal_value(data)  # type: ignore[misc] # a serializer's
        except serializers.ValidationError as error:
            if isinstance(data, Mapping) and isinstance(error.detail, dict):
                raise serializers.ValidationError({**error.detail, **self._unexpected(data)}) from None
            raise
        if unexpected := self._unexpected(data):
            raise serializers.ValidationError(unexpected)
        return value

    def _unexpected(self: Any, data: Mapping[str, Any]) -> dict[str, list[serializers.ErrorDetail]]:
        errors: dict[str, list[serializers.ErrorDetail]] = {}
        for name in _names(data):
            field = self.fields.get(name)
            if field is None or isinstance(field, serializers.HiddenField):
                errors[name] = [UNKNOWN]
            elif field.read_only and not self._is_unchanged(field, data.get(name)):
                errors[name] = [READ_ONLY]
            if len(errors) == _MAX_ERRORS:
                break
        return errors

    def _is_unchanged(self: Any, field: Any, sent: Any) -> bool:
        return any(_as_json(shown) == _as_json(sent) for shown in _shown(field, _objects(self)))


# The fields of each serializer of a model.
_derived_fields: dict[type, dict[str, Any]] = {}


# Comments, not docstrings: those of a base class would describe every body in the schema.
# The base class of serializers that read a body without a model.
class StrictSerializer(StrictFields, serializers.Serializer[Instance]):
    pass


# The base class of serializers of a model, with fields that accept only the JSON type in the schema.
class StrictModelSerializer(StrictFields, serializers.ModelSerializer[ModelInstance]):
    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, **STRICT_FIELDS}
    serializer_choice_field = StrictChoiceField
    serializer_related_field = StrictPrimaryKeyRelatedField
    serializer_related_to_field = StrictSlugRelatedField

    def get_fields(self) -> dict[str, Any]:
        # To derive them from the model takes longer than the rest of a small response. Their copies are what declared
        # fields are, too: a serializer may change its own.
        if type(self) not in _derived_fields:
            _derived_fields[type(self)] = super().get_fields()
        return copy.deepcopy(_derived_fields[type(self)])


class NoFieldsSerializer(StrictSerializer[Any]):
    """For operations without a body; an empty one is accepted."""


def take_nothing(data: Any) -> None:
    """Raise ValidationError for a body that has fields."""
    NoFieldsSerializer(data=data).is_valid(raise_exception=True)


def _names(data: Mapping[str, Any]) -> Iterable[str]:
    if not html.is_html_input(data):
        return data
    # Forms name nested fields "address.city" and "lines[0]".
    return dict.fromkeys(re.split(r"[.\[]", name)[0] for name in data)


def _objects(serializer: Any) -> list[Any]:
    """Return the objects that the serializer would change: its own, those of a list, or those of its parent."""
    if serializer.instance is not None:
        return _listed(serializer.instance)
    parent = serializer.parent
    if parent is None:
        return []
    if isinstance(parent, serializers.ListSerializer):
        return _objects(parent)
    return [found for owner in _objects(parent) for found in _listed(_attribute(serializer, owner))]


def _shown(field: Any, objects: list[Any]) -> Iterable[Any]:
    for instance in objects:
        attribute = _attribute(field, instance)
        if attribute is not empty:
            value = attribute.pk if isinstance(attribute, PKOnlyObject) else attribute
            yield None if value is None else field.to_representation(attribute)


def _attribute(field: Any, instance: Any) -> Any:
    try:
        return field.get_attribute(instance)
    except SkipField:
        return empty


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Manager):
        return list(value.all())
    if value is None or value is empty:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, Mapping | str) else [value]


def _as_json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, sort_keys=True)
