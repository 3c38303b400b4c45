from typing import Any

from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users.models import CustomUser
from apps.users.tests.helpers import PASSWORD, log_in, make_user


class CreateUserViewTests(APITestCase):
    url = reverse("v1:users:create")
    data = {"email": "Grace@Example.com", "password": PASSWORD, "password2": PASSWORD}

    def setUp(self) -> None:
        log_in(self.client, make_user("admin@example.com", is_staff=True))

    def post(self, **changes: str) -> Any:
        return self.client.post(self.url, self.data | changes)

    def error(self, response: Any) -> tuple[str, str]:
        self.assertEqual(response.status_code, 400, response.data)
        [error] = response.data["errors"]
        return error["attr"], error["code"]

    def test_an_admin_creates_a_user_who_can_log_in(self) -> None:
        response = self.post()
        user = CustomUser.objects.get(email="grace@example.com")
        self.assertEqual((response.status_code, response.data), (201, {"id": user.pk, "email": "grace@example.com"}))
        self.assertTrue(user.check_password(PASSWORD))
        self.assertFalse(user.is_staff or user.is_superuser)

    def test_nobody_else_may(self) -> None:
        log_in(self.client, make_user())
        self.assertEqual(self.post().status_code, 403)
        self.client.credentials()
        self.assertEqual(self.post().status_code, 401)
        self.assertFalse(CustomUser.objects.filter(email="grace@example.com").exists())

    def test_an_address_is_taken_whatever_its_case(self) -> None:
        make_user("grace@example.com")
        self.assertEqual(self.error(self.post(email="GRACE@EXAMPLE.COM")), ("email", "unique"))

    def test_the_two_passwords_must_agree(self) -> None:
        self.assertEqual(self.error(self.post(password2="another-1842")), ("password2", "password_mismatch"))

    def test_a_weak_password_is_refused_with_its_reason(self) -> None:
        self.assertEqual(self.error(self.post(password="zq7-x", password2="zq7-x")), ("password", "password_too_short"))

    def test_a_password_like_the_address_is_refused(self) -> None:
        code = self.error(
            self.post(email="lovelace-1815@example.com", password="lovelace-1815", password2="lovelace-1815")
        )
        self.assertEqual(code, ("password", "password_too_similar"))

    def test_a_local_part_that_is_not_ascii_is_refused(self) -> None:
        self.assertEqual(self.error(self.post(email="\N{CYRILLIC SMALL LETTER A}da@example.com")), ("email", "invalid"))

    def test_staff_cannot_be_made_this_way(self) -> None:
        response = self.post(is_staff="true", is_superuser="true")
        errors = {(error["attr"], error["code"]) for error in response.json()["errors"]}
        self.assertEqual(errors, {("is_staff", "unknown_field"), ("is_superuser", "unknown_field")})
        self.assertFalse(CustomUser.objects.filter(email="grace@example.com").exists())
