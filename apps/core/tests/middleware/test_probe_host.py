"""Platforms ask by the address of a machine; everybody else by a name of ALLOWED_HOSTS."""

import pytest
from django.test import Client
from pytest_django import Settings

ADDRESS = "10.1.2.3:8000"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hosts(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [".example.com"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
@pytest.mark.parametrize("host", [ADDRESS, "[fd00::1]:8000", "kubernetes", "not a host"])
def test_health_is_told_whatever_the_host_is(path: str, host: str) -> None:
    assert Client().get(path, headers={"host": host}).status_code in (200, 503)


@pytest.mark.parametrize(
    "path", ["/api/v1/core/ping/", "/api/docs/", "/livez/", "/livezz", "/admin/login/", "/metrics"]
)
def test_no_other_path_is_served_for_a_foreign_host(path: str) -> None:
    assert Client().get(path, headers={"host": ADDRESS}).status_code in (400, 404)
    assert Client().get("/api/v1/core/ping/", headers={"host": "api.example.com"}).status_code == 200


def test_a_forwarded_host_is_as_little_asked_for(settings: Settings) -> None:
    settings.USE_X_FORWARDED_HOST = True
    assert Client().get("/livez", headers={"x-forwarded-host": "evil.test"}).status_code == 200
    assert Client().get("/api/v1/core/ping/", headers={"x-forwarded-host": "evil.test"}).status_code == 400
