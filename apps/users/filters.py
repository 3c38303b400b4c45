from typing import Any

from django_filters.rest_framework import FilterSet, TypedChoiceFilter

from apps.users.models import CustomUser


def yes_or_no() -> Any:
    """Return a filter that refuses what is neither, where the package's own filter ignores it, and finds everyone."""
    return TypedChoiceFilter(choices=(("true", "true"), ("false", "false")), coerce=lambda value: value == "true")


class UserFilter(FilterSet):  # type: ignore[misc] # its package has no types
    is_active = yes_or_no()
    is_staff = yes_or_no()
    email_verified = yes_or_no()

    class Meta:
        model = CustomUser
        fields = ("is_active", "is_staff", "email_verified")
