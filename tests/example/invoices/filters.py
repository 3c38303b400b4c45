from django_filters.rest_framework import FilterSet

from apps.core.api.filters import StrictBooleanFilter
from apps.invoices.models import Invoice


class InvoiceFilter(FilterSet):  # type: ignore[misc] # its package has no types
    paid = StrictBooleanFilter(field_name="paid", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Invoice
        fields = ("paid",)
