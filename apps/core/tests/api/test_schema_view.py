"""The schema can be asked for by several clients as soon as a server starts."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.extensions import OpenApiSerializerExtension

# As the extension of a package that is not installed, whose search takes its time.
_SLOW = "import time; time.sleep(0.2); raise ImportError"


@pytest.fixture
def _fresh_extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "slow_to_find.py").write_text(_SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    registry = OpenApiSerializerExtension._registry
    before = list(registry)
    type("Extension", (OpenApiSerializerExtension,), {"target_class": "slow_to_find.Serializer"})
    yield
    registry[:] = before
    sys.modules.pop("slow_to_find", None)


@pytest.mark.usefixtures("_fresh_extension")
def test_the_first_requests_for_the_schema_may_come_at_once() -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: Client().get("/api/schema/"), range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
