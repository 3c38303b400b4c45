import json
from collections.abc import Iterator

import pytest
from django.test import Client

from apps.core.health import draining

pytestmark = pytest.mark.django_db


@pytest.fixture
def _stopping() -> Iterator[None]:
    draining.begin()
    yield
    draining._byte[0] = 0


@pytest.mark.usefixtures("_stopping")
def test_a_server_that_is_about_to_stop_gets_no_new_requests_and_serves_those_that_come() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, json.loads(answer.content)) == (503, {"status": "stopping"})
    assert Client().get("/livez").status_code == 200
    assert Client().get("/api/v1/core/ping/").status_code == 200


def test_otherwise_it_is_ready() -> None:
    assert Client().get("/readyz").status_code == 200
