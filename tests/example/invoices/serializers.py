from rest_framework import serializers

from apps.core.fields import StrictCharField
from apps.invoices.models import Invoice


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    number = StrictCharField(max_length=32)
    quantity = serializers.IntegerField(min_value=1, max_value=1000)
    cents = serializers.IntegerField(min_value=1, max_value=1_000_000)

    class Meta:
        model = Invoice
        fields = ("id", "number", "quantity", "cents", "total", "due", "paid")
        read_only_fields = ("total", "paid")
