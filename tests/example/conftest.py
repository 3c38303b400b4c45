"""An app as a product would write it. tests/stack/test_next_app.py copies it to apps/ of a checkout, and tries it."""

collect_ignore = ["invoices"]
