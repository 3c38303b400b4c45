from typing import Any

from celery import current_app
from django.core import mail
from django.urls import reverse
from rest_framework.test import APITestCase

from apps.core.tests.helpers import log_in, make_user, run_tasks
from apps.invoices.models import Invoice

NEW = {"number": "2026-7", "quantity": 2, "cents": 1250, "due": "2026-12-24"}


class InvoiceViewTests(APITestCase):
    def setUp(self) -> None:
        current_app.control.purge()
        self.ada = make_user()
        log_in(self.client, self.ada)

    def create(self, **fields: Any) -> Any:
        return self.client.post(reverse("v1:invoices:invoice-list"), {**NEW, **fields})

    def pay(self, invoice_id: int) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(reverse("v1:invoices:invoice-pay", args=[invoice_id]))

    def numbers(self, **query: str) -> list[str]:
        page = self.client.get(reverse("v1:invoices:invoice-list"), query)
        return [invoice["number"] for invoice in page.json()["results"]]

    def test_an_invoice_is_written_with_its_total(self) -> None:
        answer = self.create()
        self.assertEqual((answer.status_code, answer.data["total"]), (201, 2500))
        self.assertEqual(Invoice.objects.get().owner, self.ada)

    def test_a_number_is_used_once_by_each_owner(self) -> None:
        self.create()
        error = self.create().data["errors"][0]
        self.assertEqual((error["attr"], error["code"]), ("number", "unique"))
        log_in(self.client, make_user("bob@example.com"))
        self.assertEqual(self.create().status_code, 201)

    def test_only_its_owner_sees_an_invoice(self) -> None:
        invoice_id = self.create().data["id"]
        log_in(self.client, make_user("bob@example.com", is_staff=True))
        self.assertEqual(self.numbers(), [])
        self.assertEqual(self.client.get(reverse("v1:invoices:invoice-detail", args=[invoice_id])).status_code, 404)
        self.assertEqual(self.pay(invoice_id).status_code, 404)

    def test_the_list_is_filtered_by_what_is_paid(self) -> None:
        self.pay(self.create(number="old").data["id"])
        self.create(number="new")
        self.assertEqual((self.numbers(paid="true"), self.numbers(paid="false")), (["old"], ["new"]))

    def test_who_pays_gets_one_receipt(self) -> None:
        invoice_id = self.create().data["id"]
        for _ in range(2):
            self.assertIsNotNone(self.pay(invoice_id).data["paid"])
            run_tasks()
        [receipt] = mail.outbox
        self.assertEqual((receipt.to, receipt.subject), (["ada@example.com"], "Receipt 2026-7"))
