from django.contrib import admin

from apps.invoices.models import Invoice


@admin.register(Invoice)
class InvoiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    list_display = ("number", "owner", "total", "due", "paid")
    list_select_related = ("owner",)
    search_fields = ("number", "owner__email")
    readonly_fields = ("total",)
