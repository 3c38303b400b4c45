from apps.core.api.serializers import StrictModelSerializer
from apps.invoices.models import Invoice


class InvoiceSerializer(StrictModelSerializer[Invoice]):
    class Meta:
        model = Invoice
        fields = ("id", "number", "quantity", "cents", "total", "due", "paid")
        read_only_fields = ("total", "paid")
