from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.invoices.models import Invoice
from apps.invoices.tasks import send_receipt


def invoice_create(*, owner: Any, number: str, quantity: int, cents: int, due: date) -> Invoice:
    """Create an invoice. Raises ValidationError for a number that the owner has used already."""
    try:
        with transaction.atomic():
            return Invoice.objects.create(owner=owner, number=number, quantity=quantity, cents=cents, due=due)
    except IntegrityError:
        message = "There is an invoice with this number."
        raise ValidationError({"number": ValidationError(message, code="unique")}) from None


def invoice_pay(*, invoice: Invoice) -> Invoice:
    """Note that an invoice is paid, and mail a receipt; an invoice that is paid already stays as it is."""
    with transaction.atomic():
        if Invoice.objects.filter(pk=invoice.pk, paid=None).update(paid=timezone.now()):
            send_receipt.delay_on_commit(invoice.pk)
    invoice.refresh_from_db()
    return invoice
