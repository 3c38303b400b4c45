from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase

from apps.core.management.app_registration import REGISTRATIONS, Registration, registered
from apps.core.management.commands.startapp import _singular, _words


class StartappTests(SimpleTestCase):
    def test_names_that_no_app_can_have_are_refused(self) -> None:
        for name in ("", "9lives", "Invoices", "in-voices", "in voices", "a__b", "_a", "x" * 41, "../evil", "core"):
            with self.subTest(name=name), self.assertRaises(CommandError):
                call_command("startapp", name)

    def test_models_that_cannot_be_named_so_are_refused(self) -> None:
        for model in ("invoice", "1nvoice", "In_voice", "None"):
            with self.subTest(model=model), self.assertRaises(CommandError):
                call_command("startapp", "invoices", model=model)

    def test_the_singular_is_what_english_says(self) -> None:
        plurals = {"invoices": "invoice", "companies": "company", "boxes": "box", "addresses": "address"}
        plurals |= {"glass": "glass", "billing": "billing", "purchase_orders": "purchase_order"}
        self.assertEqual({plural: _singular(plural) for plural in plurals}, plurals)

    def test_words_are_those_of_code_of_routes_and_of_people(self) -> None:
        words = _words("purchase_orders", "PurchaseOrder")
        self.assertEqual(
            (words["singular"], words["basename"], words["route"], words["words"], words["words_singular"]),
            ("purchase_order", "purchase-order", "purchase-orders", "purchase orders", "purchase order"),
        )


class RegistrationTests(SimpleTestCase):
    def setUp(self) -> None:
        self.root = Path(self.enterContext(TemporaryDirectory()))
        (self.root / "urls.py").write_text(
            'from django.urls import path\n\nv1 = [\n    path("a/", a),\n]\n\nother = []\n'
        )

    def registered(self, collection: str) -> str:
        entry = Registration("urls.py", collection, 'include("{app_name}"),', "from django.urls import include, path")
        return registered(self.root, [entry], _words("invoices", "Invoice"))[self.root / "urls.py"]

    def test_an_entry_is_added_at_the_end_and_its_import_merged(self) -> None:
        self.assertEqual(
            self.registered("v1"),
            "from django.urls import include, path\n\n"
            'v1 = [\n    path("a/", a),\n    include("invoices"),\n]\n\nother = []\n',
        )

    def test_a_collection_that_is_gone_is_named_and_nothing_is_written(self) -> None:
        before = (self.root / "urls.py").read_text()
        for collection in ("gone", "other"):
            with self.subTest(collection=collection), self.assertRaisesMessage(CommandError, "Nothing was written"):
                self.registered(collection)
        self.assertEqual((self.root / "urls.py").read_text(), before)

    def test_the_project_has_every_collection(self) -> None:
        root = Path(__file__).parents[3]
        texts = registered(root, REGISTRATIONS, _words("invoices", "Invoice"))
        self.assertEqual(
            {str(path.relative_to(root)) for path in texts}, {registration.file for registration in REGISTRATIONS}
        )
