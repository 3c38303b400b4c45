"""Every table of the project's apps as the code that lies beside this file knows it: read, written, inserted into.

What requests do not reach is reached here: a column that is gone, one that nobody fills in, and every lock.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.apps import apps
from django.db import transaction


def statements() -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what is done to each table that has a row; nothing is different afterwards."""
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if not meta.managed or meta.proxy or not apps.get_app_config(meta.app_label).name.startswith("apps."):
            continue
        if (row := _first(model)) is not None:
            yield f"SELECT {meta.label}", partial(_first, model)
            yield f"UPDATE {meta.label}", partial(_update, model, row)
            yield f"INSERT {meta.label}", partial(_insert, model, row)


def _first(model: Any) -> Any:
    return model._base_manager.order_by("pk").first()


def _update(model: Any, row: Any) -> None:
    values = {field.attname: getattr(row, field.attname) for field in _columns(model) if not field.primary_key}
    if values:
        model._base_manager.filter(pk=row.pk).update(**values)


def _insert(model: Any, row: Any) -> None:
    """Delete the row and insert it again, in a transaction that is rolled back."""
    with transaction.atomic():
        rows = model._base_manager.filter(pk=row.pk)
        rows._raw_delete(rows.db)
        row.save_base(raw=True, force_insert=True)
        transaction.set_rollback(True)


def _columns(model: Any) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
