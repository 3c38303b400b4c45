from typing import Any

from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users.tests.helpers import PASSWORD, log_in, make_user


class ProfileViewTests(APITestCase):
    url = reverse("v1:users:profile")

    def setUp(self) -> None:
        self.user = make_user(first_name="Ada", last_name="Byron")
        log_in(self.client, self.user)

    def test_shows_who_one_is(self) -> None:
        response = self.client.get(self.url)
        self.assertEqual(response.data, {"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"})

    def test_names_can_be_changed(self) -> None:
        self.client.patch(self.url, {"last_name": "Lovelace"})
        self.client.put(self.url, {"first_name": "Augusta"})
        self.user.refresh_from_db()
        self.assertEqual(self.user.get_full_name(), "Augusta Lovelace")

    def errors(self, response: Any) -> set[tuple[str, str]]:
        self.assertEqual(response.status_code, 400)
        return {(error["attr"], error["code"]) for error in response.json()["errors"]}

    def test_nothing_else_can_and_who_tries_is_told_so(self) -> None:
        changes = {"email": "eve@example.com", "password": "new-one-1843", "is_staff": True, "is_superuser": True}
        errors = self.errors(self.client.patch(self.url, {"first_name": "Eve", **changes}))
        unknown = {(name, "unknown_field") for name in ("password", "is_staff", "is_superuser")}
        self.assertEqual(errors, {("email", "read_only"), *unknown})
        self.user.refresh_from_db()
        self.assertEqual((self.user.email, self.user.first_name), ("ada@example.com", "Ada"))
        self.assertTrue(self.user.check_password(PASSWORD))
        self.assertFalse(self.user.is_staff or self.user.is_superuser)

    def test_what_get_gave_can_be_put(self) -> None:
        shown = self.client.get(self.url).json()
        response = self.client.put(self.url, {**shown, "last_name": "Lovelace"})
        self.assertEqual((response.status_code, response.json()), (200, {**shown, "last_name": "Lovelace"}))

    def test_parameters_of_the_query_are_nobodys_fields(self) -> None:
        self.assertEqual(self.client.patch(f"{self.url}?utm_source=mail", {"first_name": "Ada"}).status_code, 200)

    def test_is_for_who_is_logged_in(self) -> None:
        self.client.credentials()
        response = self.client.get(self.url)
        self.assertEqual((response.status_code, response.data["errors"][0]["code"]), (401, "not_authenticated"))

    def test_costs_one_query(self) -> None:
        with self.assertNumQueries(1):
            self.client.get(self.url)
