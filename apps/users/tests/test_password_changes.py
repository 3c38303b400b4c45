"""Whatever changes a password ends the user's other tokens and sessions; a newer hash of the same one ends nothing."""

from collections.abc import Callable
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.core.management import call_command
from django.test import Client, TestCase, override_settings
from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users import services
from apps.users.models import AuthToken, CustomUser
from apps.users.tests.helpers import PASSWORD, log_in, make_user

NEW = "analytical-1843"
INDEX, PASSWORD_CHANGE = reverse("admin:index"), reverse("admin:password_change")
FORM = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


def by_set_password(user: CustomUser) -> None:
    user.set_password(NEW)
    user.save()


def by_set_password_alone(user: CustomUser) -> None:
    user.set_password(NEW)
    user.save(update_fields=["password"])


def by_a_hash(user: CustomUser) -> None:
    user.password = make_password(NEW)
    user.save()


def by_no_password(user: CustomUser) -> None:
    user.set_unusable_password()
    user.save()


def by_a_row_loaded_in_part(user: CustomUser) -> None:
    part = CustomUser.objects.only("pk").get(pk=user.pk)
    part.set_password(NEW)
    part.save()


def by_update_or_create(user: CustomUser) -> None:
    CustomUser.objects.update_or_create(email=user.email, defaults={"password": make_password(NEW)})


def by_update(user: CustomUser) -> None:
    CustomUser.objects.filter(pk=user.pk).update(password=make_password(NEW))


def by_bulk_update(user: CustomUser) -> None:
    user.password = make_password(NEW)
    CustomUser.objects.bulk_update([user], ["password"])


def by_changepassword(user: CustomUser) -> None:
    with patch("getpass.getpass", return_value=NEW):
        call_command("changepassword", user.email, stdout=StringIO())


def by_the_admin(user: CustomUser) -> None:
    client = Client()
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    data = {"usable_password": "true", "password1": NEW, "password2": NEW}
    client.post(reverse("admin:auth_user_password_change", args=[user.pk]), data)


def by_closing(user: CustomUser) -> None:
    services.user_deactivate(user=user)
    services.user_activate(user=user)


def by_closing_in_the_admin(user: CustomUser) -> None:
    client = Client()
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    data = {"email": user.email, "date_joined_0": "2026-11-02", "date_joined_1": "09:30:00", "is_staff": "on"}
    url = reverse("admin:users_customuser_change", args=[user.pk])
    client.post(url, data)
    client.post(url, {**data, "is_active": "on"})


def by_closing_in_one_query(user: CustomUser) -> None:
    CustomUser.objects.filter(pk=user.pk).update(is_active=False)
    CustomUser.objects.filter(pk=user.pk).update(is_active=True)


WAYS: list[Callable[[CustomUser], None]] = [
    by_set_password,
    by_set_password_alone,
    by_a_hash,
    by_no_password,
    by_a_row_loaded_in_part,
    by_update_or_create,
    by_update,
    by_bulk_update,
    by_changepassword,
    by_the_admin,
    by_closing,
    by_closing_in_the_admin,
    by_closing_in_one_query,
]


class EndingTests(TestCase):
    def setUp(self) -> None:
        self.user = make_user("staff@example.com", is_staff=True)
        self.bob = make_user("bob@example.com", is_staff=True)
        for user in (self.user, self.bob):
            AuthToken.objects.create(user=user)
        self.client.force_login(self.user)

    def alive(self) -> tuple[bool, bool]:
        """Return whether the user's token and session are still good."""
        return AuthToken.objects.filter(user=self.user).exists(), self.client.get(INDEX).status_code == 200

    def test_whatever_changes_a_password_or_closes_the_account_ends_tokens_and_sessions(self) -> None:
        for way in WAYS:
            with self.subTest(way=way.__name__):
                CustomUser.objects.filter(email="root@example.com").delete()
                self.client.force_login(self.user)
                AuthToken.objects.create(user=self.user)
                way(CustomUser.objects.get(pk=self.user.pk))
                self.assertEqual(self.alive(), (False, False))
                self.user.refresh_from_db()
        self.assertTrue(AuthToken.objects.filter(user=self.bob).exists())

    def test_what_changes_something_else_ends_nothing(self) -> None:
        user = CustomUser.objects.get(pk=self.user.pk)
        user.first_name = "Ada"
        user.save()
        user.save(update_fields=["first_name"])
        CustomUser.objects.filter(pk=user.pk).update(last_name="Lovelace")
        user.password = make_password(NEW)
        user.save(update_fields=["first_name"])
        self.assertEqual(self.alive(), (True, True))

    def test_saving_the_same_password_again_ends_nothing(self) -> None:
        CustomUser.objects.get(pk=self.user.pk).save()
        self.user.refresh_from_db()
        self.user.save(update_fields=["password"])
        self.assertEqual(self.alive(), (True, True))

    def test_a_copy_that_was_loaded_before_brings_nothing_back(self) -> None:
        earlier = CustomUser.objects.get(pk=self.user.pk)
        by_set_password(CustomUser.objects.get(pk=self.user.pk))
        earlier.first_name = "Ada"
        earlier.save()
        self.assertEqual(self.alive(), (False, False))

    def test_a_change_that_is_rolled_back_ends_nothing(self) -> None:
        failing = patch.object(CustomUser, "_end_sessions", side_effect=ZeroDivisionError)
        with failing, self.assertRaises(ZeroDivisionError):
            by_set_password(CustomUser.objects.get(pk=self.user.pk))
        self.assertTrue(CustomUser.objects.get(pk=self.user.pk).check_password(PASSWORD))
        self.assertEqual(self.alive(), (True, True))


class NewerHash(MD5PasswordHasher):
    algorithm = "newer"


@override_settings(
    PASSWORD_HASHERS=[f"{__name__}.NewerHash", "django.contrib.auth.hashers.MD5PasswordHasher"],
)
class NewerHashTests(APITestCase):
    def setUp(self) -> None:
        self.user = make_user(is_staff=True)
        CustomUser._base_manager.update(password=make_password(PASSWORD, hasher="md5"))
        AuthToken.objects.create(user=self.user)
        self.browser = Client()
        self.browser.force_login(CustomUser.objects.get())

    def assert_renewed_and_nothing_ended(self) -> None:
        self.assertTrue(CustomUser.objects.get().password.startswith("newer$"))
        self.assertTrue(AuthToken.objects.exists())
        self.assertEqual(self.browser.get(INDEX).status_code, 200)

    def test_a_login_that_renews_the_hash_ends_nothing(self) -> None:
        with self.assertLogs("django.security", "INFO") as logs:
            answer = self.client.post(reverse("v1:users:knox_login"), {"email": self.user.email, "password": PASSWORD})
        self.assertEqual(answer.status_code, 200)
        self.assert_renewed_and_nothing_ended()
        self.assertEqual([line.getMessage() for line in logs.records], ["Logged in"])

    def test_a_login_in_the_admin_neither(self) -> None:
        Client().post(reverse("admin:login"), {"username": self.user.email, "password": PASSWORD})
        self.assert_renewed_and_nothing_ended()

    def test_a_password_that_was_set_while_the_old_one_was_checked_stays(self) -> None:
        stale = CustomUser.objects.get()
        by_set_password(CustomUser.objects.get())
        self.assertTrue(stale.check_password(PASSWORD))
        self.assertTrue(CustomUser.objects.get().check_password(NEW))


class OwnPasswordInTheAdminTests(TestCase):
    def setUp(self) -> None:
        self.user = make_user(is_staff=True)
        self.client.force_login(self.user)
        AuthToken.objects.create(user=self.user)

    def change(self, **data: str) -> Any:
        return self.client.post(PASSWORD_CHANGE, {**FORM, **data})

    def test_ends_tokens_and_other_sessions_and_keeps_the_own(self) -> None:
        other = Client()
        other.force_login(self.user)
        self.assertEqual(self.change().status_code, 302)
        self.assertFalse(AuthToken.objects.exists())
        self.assertEqual([client.get(INDEX).status_code for client in (self.client, other)], [200, 302])

    def test_wrong_guesses_are_limited_with_those_at_the_login(self) -> None:
        for _ in range(5):
            self.assertContains(self.change(old_password="wrong"), "entered incorrectly")
        self.assertContains(self.change(), "Request was throttled")
        self.assertTrue(CustomUser.objects.get().check_password(PASSWORD))
        credentials = {"email": self.user.email, "password": PASSWORD}
        login = Client().post(reverse("v1:users:knox_login"), credentials, "application/json")
        self.assertEqual(login.status_code, 429)

    def test_all_tries_of_one_client_are_limited(self) -> None:
        emails = [f"u{number}@example.com" for number in range(6)]
        for email in emails[:5]:
            client = Client()
            client.force_login(make_user(email, is_staff=True))
            for _ in range(2):
                client.post(PASSWORD_CHANGE, {**FORM, "old_password": "wrong"})
        self.assertContains(self.change(), "Request was throttled")

    def test_the_right_one_is_no_guess(self) -> None:
        for number in range(6):
            old, new = (PASSWORD, NEW) if number % 2 == 0 else (NEW, PASSWORD)
            self.assertEqual(self.change(old_password=old, new_password1=new, new_password2=new).status_code, 302)

    def test_the_page_opens(self) -> None:
        self.assertContains(self.client.get(PASSWORD_CHANGE), "Old password")


class OwnPasswordInTheApiTests(APITestCase):
    def test_keeps_the_token_that_it_was_changed_with_and_no_session(self) -> None:
        user = make_user(is_staff=True)
        browser = Client()
        browser.force_login(user)
        log_in(self.client, user)
        here = log_in(self.client, user)
        data = {"current_password": PASSWORD, "password": NEW, "password2": NEW}
        self.assertEqual(self.client.post(reverse("v1:users:password_change"), data).status_code, 204)
        self.assertEqual([*AuthToken.objects.all()], [here])
        self.assertEqual(browser.get(INDEX).status_code, 302)
