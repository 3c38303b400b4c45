"""Many at once: what is counted is counted exactly, and what is limited stays within its limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import AuthToken, CustomUser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
PASSWORD = "engine-no-1842"


def at_once(times: int, do: Callable[[int], Any]) -> list[Any]:
    def one(number: int) -> Any:
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        return list(threads.map(one, range(times)))


def log_in(number: int, password: str = PASSWORD) -> int:
    data = {"email": "ada@example.com", "password": password}
    # Each from another address, so that it is the account's limit that holds.
    ip = f"10.0.{number // 256}.{number % 256}"
    return Client(REMOTE_ADDR=ip).post(reverse("v1:users:knox_login"), data, "application/json").status_code


def rates(settings: Settings, **changes: str) -> None:
    old = settings.REST_FRAMEWORK
    settings.REST_FRAMEWORK = {**old, "DEFAULT_THROTTLE_RATES": {**old["DEFAULT_THROTTLE_RATES"], **changes}}


@pytest.fixture(autouse=True)
def _user() -> None:
    CustomUser.objects.create_user("ada@example.com", PASSWORD)


class CountingHasher(hashers.MD5PasswordHasher):
    checked: list[str] = []

    def verify(self, password: str, encoded: str) -> bool:
        self.checked.append(password)
        return super().verify(password, encoded)


@pytest.fixture
def checked(settings: Settings) -> list[str]:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.checked.clear()
    return CountingHasher.checked


def test_of_200_wrong_logins_exactly_the_allowed_number_reach_the_password(
    settings: Settings, checked: list[str]
) -> None:
    rates(settings, login_failures="7/h")
    answers = at_once(200, lambda number: log_in(number, "wrong"))
    assert (answers.count(400), answers.count(429)) == (7, 193)
    assert len(checked) == 7


def test_50_logins_never_leave_more_sessions_than_the_limit(settings: Settings) -> None:
    rates(settings, login_failures="1000/h")
    settings.REST_KNOX = {**settings.REST_KNOX, "TOKEN_LIMIT_PER_USER": 5}
    assert at_once(50, log_in) == [200] * 50
    assert AuthToken.objects.count() == 5
