from datetime import date

from django.core import mail
from django.test import TestCase, TransactionTestCase

from apps.core.tests.helpers import make_user
from apps.invoices import services
from apps.invoices.models import Invoice
from apps.invoices.tasks import count_overdue, send_receipt


def make_invoice() -> Invoice:
    return services.invoice_create(owner=make_user(), number="1", quantity=1, cents=100, due=date(2020, 1, 1))


class TaskTests(TestCase):
    def test_a_receipt_that_is_delivered_twice_is_mailed_once(self) -> None:
        invoice = make_invoice()
        send_receipt(invoice.pk)
        send_receipt(invoice.pk)
        self.assertEqual(len(mail.outbox), 1)

    def test_overdue_invoices_are_counted(self) -> None:
        make_invoice()
        with self.assertLogs("django.info", "INFO") as logs:
            count_overdue()
        self.assertEqual(logs.records[0].overdue, 1)


class CommittedTests(TransactionTestCase):
    def test_a_receipt_is_mailed_once_where_transactions_are_committed(self) -> None:
        invoice = make_invoice()
        for _ in range(2):
            send_receipt(invoice.pk)
        self.assertEqual(len(mail.outbox), 1)
