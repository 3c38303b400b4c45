from typing import Any

from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users.models import AuthToken, CustomUser
from apps.users.tests.helpers import log_in, make_user


class UsersViewTests(APITestCase):
    def setUp(self) -> None:
        self.staff = make_user("staff@example.com", is_staff=True)
        self.ada = make_user(first_name="Ada")
        self.root = make_user("root@example.com", is_staff=True, is_superuser=True)
        self.session = log_in(self.client, self.ada)
        log_in(self.client, self.staff)

    def emails(self, **query: str) -> list[str]:
        return [user["email"] for user in self.client.get(reverse("v1:users:users"), query).json()["results"]]

    def url(self, user: CustomUser, name: str = "user") -> str:
        return reverse(f"v1:users:{name}", args=[user.pk])

    def ask(self, user: CustomUser, name: str = "user", **data: Any) -> Any:
        method = self.client.patch if name == "user" else self.client.post
        return method(self.url(user, name), data)

    def test_the_staff_lists_searches_filters_and_orders(self) -> None:
        self.assertEqual(self.emails(), ["staff@example.com", "ada@example.com", "root@example.com"])
        self.assertEqual(self.emails(search="ada"), ["ada@example.com"])
        self.assertEqual(self.emails(is_staff="false"), ["ada@example.com"])
        self.assertEqual(self.emails(ordering="email")[0], "ada@example.com")

    def test_the_list_is_filtered_by_a_whole_address_in_any_case(self) -> None:
        self.assertEqual(self.emails(email=" ADA@Example.com"), ["ada@example.com"])
        for address in ("ada", "example.com", "bob@example.com", "@", "%", "a@xn--a.example"):
            with self.subTest(address=address):
                self.assertEqual(self.emails(email=address), [])
        self.assertEqual(len(self.emails(email="")), 3)

    def test_a_filter_or_page_that_is_none_is_refused_not_ignored(self) -> None:
        wrong = {
            "is_active": ("", " ", "1", "True", "yes"),
            "page": ("", " ", "last", "1_0", "+1", "1.0", "\u0663", "0"),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    answer = self.client.get(reverse("v1:users:users"), {name: value})
                    self.assertEqual(answer.status_code, 400 if name == "is_active" else 404)
        self.assertEqual(len(self.emails(page="1", is_active="true")), 3)

    def test_the_list_comes_in_pages_and_costs_three_queries(self) -> None:
        with self.assertNumQueries(3):
            page = self.client.get(reverse("v1:users:users")).json()
        self.assertEqual((page["count"], page["next"], page["previous"]), (3, None, None))
        self.assertEqual(self.client.get(reverse("v1:users:users"), {"page": "2"}).status_code, 404)

    def test_no_password_is_shown(self) -> None:
        self.assertNotContains(self.client.get(self.url(self.ada)), "password")

    def test_names_can_be_changed_and_nothing_else(self) -> None:
        self.assertEqual(self.ask(self.ada, last_name="Lovelace").status_code, 200)
        self.assertEqual(self.client.put(self.url(self.ada), {"first_name": "Augusta"}).status_code, 200)
        for name, value in {
            "is_staff": True,
            "is_superuser": True,
            "email": "eve@example.com",
            "is_active": False,
        }.items():
            answer = self.ask(self.ada, first_name="Eve", **{name: value})
            error = answer.json()["errors"][0]
            self.assertEqual((answer.status_code, error["attr"], error["code"]), (400, name, "read_only"))
        self.ada.refresh_from_db()
        self.assertEqual(self.ada.get_full_name(), "Augusta Lovelace")
        self.assertEqual((self.ada.is_staff, self.ada.is_superuser, self.ada.is_active), (False, False, True))
        self.assertEqual(self.ada.email, "ada@example.com")

    def test_what_get_gave_can_be_put(self) -> None:
        shown = self.client.get(self.url(self.ada)).json()
        self.assertEqual(self.client.put(self.url(self.ada), {**shown, "first_name": "Augusta"}).status_code, 200)

    def test_closing_and_opening_take_no_fields(self) -> None:
        for name in ("user_deactivate", "user_activate"):
            answer = self.ask(self.ada, name, reason="spam")
            error = answer.json()["errors"][0]
            self.assertEqual((answer.status_code, error["attr"], error["code"]), (400, "reason", "unknown_field"))
        self.ada.refresh_from_db()
        self.assertTrue(self.ada.is_active)

    def test_closing_an_account_ends_its_sessions_and_it_can_be_opened_again(self) -> None:
        answer = self.ask(self.ada, "user_deactivate")
        self.assertEqual((answer.status_code, answer.data["is_active"]), (200, False))
        self.assertFalse(AuthToken.objects.filter(user=self.ada).exists())
        self.assertTrue(self.ask(self.ada, "user_activate").data["is_active"])

    def test_superusers_are_not_touched(self) -> None:
        answers = [self.ask(self.root, first_name="x"), self.ask(self.root, "user_deactivate")]
        self.assertEqual([answer.status_code for answer in answers], [403, 403])
        self.root.refresh_from_db()
        self.assertEqual((self.root.first_name, self.root.is_active), ("", True))

    def test_nobody_closes_the_account_that_they_use(self) -> None:
        self.assertEqual(self.ask(self.staff, "user_deactivate").status_code, 403)

    def test_users_are_not_staff(self) -> None:
        log_in(self.client, self.ada)
        for method, url in (
            ("get", reverse("v1:users:users")),
            ("get", self.url(self.ada)),
            ("patch", self.url(self.ada)),
            ("post", self.url(self.ada, "user_deactivate")),
        ):
            with self.subTest(url=url):
                self.assertEqual(getattr(self.client, method)(url).status_code, 403)
