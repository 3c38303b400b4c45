import logging

from celery import shared_task
from django.core.mail import send_mail
from django.utils import timezone

from apps.core.background.idempotency import once
from apps.core.tasks import BaseTaskWithRetry
from apps.invoices.models import Invoice

logger = logging.getLogger("django.info")


@shared_task(base=BaseTaskWithRetry)
def send_receipt(invoice_id: int) -> None:
    """Mail a receipt, once, however often this is delivered."""
    invoice = Invoice.objects.select_related("owner").get(pk=invoice_id)
    with once(f"receipt:{invoice.pk}") as first:
        if first:
            send_mail(f"Receipt {invoice.number}", f"You paid {invoice.total} cents.", None, [invoice.owner.email])


@shared_task(base=BaseTaskWithRetry, ignore_result=True)
def count_overdue() -> None:
    overdue = Invoice.objects.filter(paid=None, due__lt=timezone.now().date()).count()
    logger.info("Counted overdue invoices", extra={"overdue": overdue})
