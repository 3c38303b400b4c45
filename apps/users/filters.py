from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from apps.core.api.filters import StrictBooleanFilter, StrictFilterSet
from apps.users.email_address import normalize_email
from apps.users.models import CustomUser


@extend_schema_field(OpenApiTypes.STR)
class AddressFilter(CharFilter):  # type: ignore[misc] # its package has no types
    """Find the account with an address, in any case. An invalid address has no account."""

    def filter(self, qs: QuerySet[CustomUser], value: str) -> QuerySet[CustomUser]:
        if not value:
            return qs
        try:
            return qs.filter(email=normalize_email(value))
        except ValidationError:
            return qs.none()


class UserFilter(StrictFilterSet):
    email = AddressFilter()
    is_active = StrictBooleanFilter()
    is_staff = StrictBooleanFilter()
    email_verified = StrictBooleanFilter()

    class Meta:
        model = CustomUser
        fields = ("email", "is_active", "is_staff", "email_verified")
