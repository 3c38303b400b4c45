"""Filters that refuse what they do not understand. Those of the package ignore it, and find all rows."""

from typing import Any

from django import forms
from django_filters.rest_framework import DateFilter, FilterSet, NumberFilter, TypedChoiceFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field


class _StrictChoiceField(forms.TypedChoiceField):
    def clean(self, value: Any) -> Any:
        # An absent value is None; an empty text is a value that is not among the choices.
        if value == "":
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
            )
        return super().clean(value)


@extend_schema_field(OpenApiTypes.BOOL)
class StrictBooleanFilter(TypedChoiceFilter):  # type: ignore[misc] # its package has no types
    """Refuse what is neither true nor false."""

    field_class = _StrictChoiceField

    def __init__(self, **kwargs: Any) -> None:
        choices = (("true", "true"), ("false", "false"))
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)


class StrictDateFilter(DateFilter):  # type: ignore[misc] # its package has no types
    """Take a day as the schema says: 2026-11-27, and none of the forms that a person may type."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


@extend_schema_field(OpenApiTypes.INT)
class StrictIntegerFilter(NumberFilter):  # type: ignore[misc] # its package has no types
    """Take a whole number. With `field_name="room_id"` it finds none for a room that is not there."""

    field_class = forms.IntegerField


class StrictFilterSet(FilterSet):  # type: ignore[misc] # its package has no types
    """Refuse a filter without a value, but of text, where an empty one is a value."""

    def get_form_class(self) -> Any:
        class StrictForm(super().get_form_class()):  # type: ignore[misc] # made by the package
            def clean(self) -> dict[str, Any]:
                found: dict[str, Any] = super().clean()
                for name, field in self.fields.items():
                    if self.data.get(name) == "" and type(field) is not forms.CharField and name not in self.errors:
                        # The schema knows the codes of the field.
                        code = "invalid" if "invalid" in field.error_messages else "invalid_choice"
                        self.add_error(name, forms.ValidationError("This filter needs a value.", code=code))
                return found

        return StrictForm
