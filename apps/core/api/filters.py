from typing import Any

from django import forms
from django_filters.rest_framework import TypedChoiceFilter
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
    """Refuse what is neither true nor false. The filter of the package ignores it and finds all rows."""

    field_class = _StrictChoiceField

    def __init__(self, **kwargs: Any) -> None:
        choices = (("true", "true"), ("false", "false"))
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)
